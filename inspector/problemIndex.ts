/** A run's labels as the index has them: problems by row, readings by number, and those that the address asks for in its order. */
import type { Problems } from '../src/inspect/wire.ts';
import { type Belief, beliefOf } from './belief.ts';

export interface ProblemIndex extends Problems {
  /** [problems+1]: a row's readings are the numbers from its own to the next row's. */
  readonly starts: Int32Array;
  readonly rowOf: ReadonlyMap<string, number>;
}

export function indexed(answer: Problems): ProblemIndex {
  const { id, readings } = answer.problems;
  const starts = new Int32Array(id.length + 1);
  readings.forEach((count, row) => {
    starts[row + 1] = starts[row]! + count;
  });
  return { ...answer, starts, rowOf: new Map(id.map((name, row) => [name, row])) };
}

/** Numbers of a row's readings. */
export function readingsOf({ starts }: ProblemIndex, row: number): number[] {
  const [from, to] = [starts[row]!, starts[row + 1]!];
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Number of the reading that a row has of a view, by the view's place; undefined where it has none. */
export const readingAt = (index: ProblemIndex, row: number, view: number): number | undefined =>
  readingsOf(index, row).find(reading => index.readings.view[reading] === view);

export const beliefAt = ({ readings }: ProblemIndex, reading: number): Belief =>
  beliefOf({
    explanation: readings.explanation[reading] ?? null,
    accepted: readings.accepted[reading] ?? false,
    readable: readings.readable[reading] ?? false,
  });

interface Filter {
  readonly word: string;
  readonly keeps: (index: ProblemIndex, row: number) => boolean;
}

/** Whether a row has a reading of which `test` holds. */
function some({ starts }: ProblemIndex, row: number, test: (reading: number) => boolean): boolean {
  for (let reading = starts[row]!; reading < starts[row + 1]!; reading++) if (test(reading)) return true;
  return false;
}

export const FILTERS = {
  all: { word: 'all', keeps: () => true },
  accepted: {
    word: 'accepted',
    keeps: (index, row) => !some(index, row, reading => !index.readings.accepted[reading]),
  },
  doubtful: {
    word: 'not accepted',
    keeps: (index, row) =>
      some(index, row, reading => index.readings.readable[reading]! && !index.readings.accepted[reading]),
  },
  unreadable: {
    word: 'not readable',
    keeps: (index, row) => some(index, row, reading => !index.readings.readable[reading]),
  },
  unused: { word: 'not used', keeps: (index, row) => some(index, row, reading => !index.readings.used[reading]) },
  wrong: { word: 'answer wrong', keeps: ({ problems }, row) => !problems.answered[row] },
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

/** What of the problems is wanted; as texts, so that an address can say it. */
export interface Wanted {
  readonly filter: FilterName;
  readonly search: string;
  /** A score; undefined for the order of the file. */
  readonly sort: string | undefined;
  /** Place of the view whose readings the list shows, and is sorted by. */
  readonly at: number;
  readonly down: boolean;
}

export function wantedOf({ views, readings }: Problems, params: URLSearchParams): Wanted {
  const sort = params.get('sort') ?? '';
  const at = views.findIndex(({ id }) => id === params.get('at'));
  return {
    filter: FILTER_NAMES.find(name => name === params.get('filter')) ?? 'all',
    search: params.get('q') ?? '',
    sort: Object.hasOwn(readings.scores, sort) ? sort : undefined,
    at: at < 0 ? views.length - 1 : at,
    down: params.get('down') === '1',
  };
}

/** Rows that are wanted, in the order in which they are. Those without the score come last. */
export function chosenRows(index: ProblemIndex, { filter, search, sort, at, down }: Wanted): number[] {
  const { keeps } = FILTERS[filter];
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = words.length > 0 ? searchTexts(index) : [];
  const rows: number[] = [];
  for (let row = 0; row < index.problems.id.length; row++)
    if (keeps(index, row) && words.every(word => texts[row]!.includes(word))) rows.push(row);
  if (sort === undefined) return rows;
  const scores = Float64Array.from(index.problems.id, (_, row) => scoreAt(index, row, { sort, at }) ?? Number.NaN);
  return rows.sort((a, b) => inOrder(scores[a]!, scores[b]!, down));
}

/** NaN comes last, whichever the direction. */
export function inOrder(a: number, b: number, down: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return down ? b - a : a - b;
}

/** The score by which a row stands where it does. */
export function scoreAt(
  index: ProblemIndex,
  row: number,
  { sort, at }: Pick<Wanted, 'sort' | 'at'>,
): number | null | undefined {
  const reading = readingAt(index, row, at);
  return reading === undefined || sort === undefined ? undefined : index.readings.scores[sort]?.[reading];
}

const searched = new WeakMap<ProblemIndex, readonly string[]>();

/** What is searched of each row, made when first asked for. */
function searchTexts(index: ProblemIndex): readonly string[] {
  const known = searched.get(index);
  if (known) return known;
  const { problems, readings } = index;
  const texts = problems.id.map((id, row) =>
    [id, problems.question[row], ...readingsOf(index, row).map(reading => readings.explanation[reading] ?? '')]
      .join(' ')
      .toLowerCase(),
  );
  searched.set(index, texts);
  return texts;
}

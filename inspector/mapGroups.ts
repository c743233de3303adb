/** The points of a map in groups, by what is known of the readings that they stand for. */
import { BELIEFS, type Belief } from './belief.ts';
import { COLOURS } from './marks.ts';
import { beliefAt, type ProblemIndex } from './problemIndex.ts';

export interface Grouping {
  /** What the groups are called. */
  readonly names: readonly string[];
  /** The group of each reading, by its number. */
  readonly of: Uint16Array;
  /** Groups go from low to high. */
  readonly ordered: boolean;
}

export const COLOURINGS = {
  view: { word: 'view', group: byView },
  result: { word: 'gold result', group: index => byValue(index.readings.result) },
  operation: { word: 'operation', group: index => byName(index.readings.operation) },
  reading: { word: 'accepted or not', group: byBelief },
  used: { word: 'used or not', group: index => byFlag(index.readings.used, ['used', 'not used']) },
  answer: { word: 'answer right or wrong', group: byAnswer },
} as const satisfies Record<string, { word: string; group: (index: ProblemIndex) => Grouping }>;

export type Colouring = keyof typeof COLOURINGS;
export const COLOURING_NAMES = Object.keys(COLOURINGS) as Colouring[];

const NONE = 'no gold step';

function byView({ views, readings }: ProblemIndex): Grouping {
  return { names: views.map(({ id }) => id), of: Uint16Array.from(readings.view), ordered: false };
}

function byBelief(index: ProblemIndex): Grouping {
  // Labels all say whether they are accepted.
  const beliefs: readonly Belief[] = (Object.keys(BELIEFS) as Belief[]).filter(belief => belief !== 'readable');
  const of = Uint16Array.from(index.readings.view, (_, reading) => beliefs.indexOf(beliefAt(index, reading)));
  return { names: beliefs.map(belief => BELIEFS[belief].word), of, ordered: false };
}

const byFlag = (flags: readonly boolean[], names: readonly [string, string]): Grouping => ({
  names,
  of: Uint16Array.from(flags, flag => (flag ? 0 : 1)),
  ordered: false,
});

function byAnswer({ problems, starts, readings }: ProblemIndex): Grouping {
  const answered = readings.view.map(() => false);
  for (const [row, right] of problems.answered.entries()) answered.fill(right, starts[row], starts[row + 1]);
  return byFlag(answered, ['answer right', 'answer wrong']);
}

/** Names, the most frequent first; what does not get a colour of its own goes together. */
export function byName(values: readonly (string | null)[]): Grouping {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value ?? NONE, (counts.get(value ?? NONE) ?? 0) + 1);
  const frequent = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const own = frequent.length > COLOURS ? frequent.slice(0, COLOURS - 1) : frequent;
  const names = frequent.length > COLOURS ? [...own, 'others'] : own;
  const places = new Map(own.map((name, place) => [name, place]));
  return { names, of: Uint16Array.from(values, value => places.get(value ?? NONE) ?? own.length), ordered: false };
}

/** Numbers from low to high, in ranges that have about as many points each; by name where they are no numbers. */
export function byValue(values: readonly (string | null)[]): Grouping {
  const numbers = values.map(value => (value === null || value === '' ? null : Number(value)));
  if (!numbers.every(number => number === null || Number.isFinite(number))) return byName(values);
  const known = numbers.filter(number => number !== null).sort((a, b) => a - b);
  const least = [
    ...new Set(Array.from({ length: COLOURS }, (_, i) => known[Math.floor((i * known.length) / COLOURS)]!)),
  ];
  if (known.length === 0) return byName(values);
  const ranges = least.map((from, i) => {
    const within = known.filter(number => number >= from && number < (least[i + 1] ?? Number.POSITIVE_INFINITY));
    const to = within.at(-1)!;
    return to === from ? `${from}` : `${from} to ${to}`;
  });
  const of = numbers.map(number => (number === null ? ranges.length : least.findLastIndex(from => number >= from)));
  const names = numbers.includes(null) ? [...ranges, NONE] : ranges;
  return { names, of: Uint16Array.from(of), ordered: true };
}

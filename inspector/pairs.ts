/** Readings of two runs that speak of the same: of one problem, by the same view, or by views up to the same point of the chain. */
import { inOrder, type ProblemIndex, readingsOf } from './problemIndex.ts';

export interface Pair {
  /** Row of the problem in the first run. */
  readonly row: number;
  /** Numbers of the readings, in the first run and in the second. */
  readonly readings: readonly [number, number];
}

export type Both = readonly [ProblemIndex, ProblemIndex];

export function pairsOf([first, second]: Both): Pair[] {
  return first.problems.id.flatMap((id, row) => {
    const other = second.rowOf.get(id);
    if (other === undefined) return [];
    const others = readingsOf(second, other);
    return readingsOf(first, row).flatMap(reading => {
      const view = first.views[first.readings.view[reading]!]!;
      const viewOf = (candidate: number) => second.views[second.readings.view[candidate]!]!;
      const same =
        others.find(candidate => viewOf(candidate).id === view.id) ??
        others.find(candidate => view.anchor !== null && viewOf(candidate).anchor === view.anchor);
      return same === undefined ? [] : [{ row, readings: [reading, same] as const }];
    });
  });
}

type Flag = 'right' | 'exact' | 'accepted' | 'readable';

const both = (indices: Both, { readings }: Pair, flag: Flag) =>
  indices.map((index, side) => index.readings[flag][readings[side]!]);
const onlyOne = (flag: Flag) => (indices: Both, pair: Pair) => {
  const [a, b] = both(indices, pair, flag);
  return a !== b && (a === true || b === true);
};

export const PAIR_FILTERS = {
  all: { word: 'all', keeps: () => true },
  texts: {
    word: 'texts differ',
    keeps: ([a, b], { readings: [x, y] }) => a.readings.explanation[x] !== b.readings.explanation[y],
  },
  right: { word: 'only one has the result', keeps: onlyOne('right') },
  exact: { word: 'only one has the step', keeps: onlyOne('exact') },
  accepted: { word: 'only one accepted', keeps: onlyOne('accepted') },
  readable: { word: 'only one readable', keeps: onlyOne('readable') },
} as const satisfies Record<string, { word: string; keeps: (indices: Both, pair: Pair) => boolean }>;

export type PairFilter = keyof typeof PAIR_FILTERS;
export const PAIR_FILTER_NAMES = Object.keys(PAIR_FILTERS) as PairFilter[];

/** The second run's score minus the first's; NaN where one has none. */
export function differenceOf(indices: Both, { readings }: Pair, score: string): number {
  const [a, b] = indices.map((index, side) => index.readings.scores[score]?.[readings[side]!] ?? Number.NaN);
  return b! - a!;
}

export const ORDERS = {
  far: { word: 'largest difference first', key: Math.abs },
  second: { word: 'second run ahead first', key: (difference: number) => difference },
  first: { word: 'first run ahead first', key: (difference: number) => -difference },
} as const;
export type Order = keyof typeof ORDERS;
export const ORDER_NAMES = Object.keys(ORDERS) as Order[];

export interface WantedPairs {
  readonly filter: PairFilter;
  readonly search: string;
  readonly score: string;
  readonly order: Order;
  /** Place of the first run's view; -1 for all. */
  readonly view: number;
}

export function wantedPairs([first]: Both, params: URLSearchParams): WantedPairs {
  const scores = Object.keys(first.readings.scores);
  return {
    filter: PAIR_FILTER_NAMES.find(name => name === params.get('filter')) ?? 'all',
    search: params.get('q') ?? '',
    score: scores.find(name => name === params.get('sort')) ?? 'similarity',
    order: ORDER_NAMES.find(name => name === params.get('order')) ?? 'far',
    view: first.views.findIndex(({ id }) => id === params.get('view')),
  };
}

export function chosenPairs(indices: Both, pairs: readonly Pair[], wanted: WantedPairs): Pair[] {
  const [first, second] = indices;
  const { filter, search, score, order, view } = wanted;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const hasWords = ({ row, readings: [a, b] }: Pair) => {
    const said = [first.readings.explanation[a], second.readings.explanation[b]];
    const text = [first.problems.id[row], first.problems.question[row], ...said].join(' ').toLowerCase();
    return words.every(word => text.includes(word));
  };
  const kept = pairs
    .filter(pair => view < 0 || first.readings.view[pair.readings[0]] === view)
    .filter(pair => PAIR_FILTERS[filter].keeps(indices, pair) && hasWords(pair))
    .map(pair => ({ pair, key: ORDERS[order].key(differenceOf(indices, pair, score)) }));
  return kept.sort((a, b) => inOrder(a.key, b.key, true)).map(({ pair }) => pair);
}

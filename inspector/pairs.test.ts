import fc from 'fast-check';
import { expect, it } from 'vitest';
import { indexOf } from './index.fixture.ts';
import { type Both, chosenPairs, differenceOf, pairsOf, wantedPairs } from './pairs.ts';

const score = fc.constantFrom(undefined, null, -1, 0, 0.5, 2);
const run = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('p', 'q', 'r', 's'),
    scores: fc.tuple(score, score),
    question: fc.constant('Tom has 5'),
  }),
  { selector: ({ id }) => id, maxLength: 4 },
);

it('pairs are of one problem and one view, and each reading of the first run has at most one', () => {
  fc.assert(
    fc.property(run, run, (a, b) => {
      const both: Both = [indexOf(a), indexOf(b)];
      const pairs = pairsOf(both);
      const found = pairs.map(({ row, readings: [x, y] }) => {
        expect(both[0].readings.view[x]).toBe(both[1].readings.view[y]);
        return `${both[0].problems.id[row]} ${both[0].readings.view[x]}`;
      });
      const wanted = a.flatMap(({ id, scores }) =>
        scores.flatMap((own, view) => {
          const other = b.find(problem => problem.id === id)?.scores[view];
          return own === undefined || other === undefined ? [] : [`${id} ${view}`];
        }),
      );
      expect(found).toEqual(wanted);
    }),
  );
});

it('the order is by the difference that was asked for, and what has none comes last', () => {
  fc.assert(
    fc.property(run, run, fc.constantFrom('far', 'first', 'second'), (a, b, order) => {
      const both: Both = [indexOf(a), indexOf(b)];
      const pairs = pairsOf(both);
      const chosen = chosenPairs(both, pairs, wantedPairs(both, new URLSearchParams({ sort: 'fve', order })));
      expect(chosen).toHaveLength(pairs.length);
      const keys = chosen
        .map(pair => differenceOf(both, pair, 'fve'))
        .map(difference => (order === 'far' ? Math.abs(difference) : order === 'first' ? -difference : difference));
      const known = keys.filter(key => !Number.isNaN(key));
      expect(keys.slice(0, known.length)).toEqual(known);
      expect(known).toEqual([...known].sort((x, y) => y - x));
    }),
  );
});

it('a view that the other run has not is held against the one up to the same point of the chain', () => {
  const scores = [1, 2];
  const first = indexOf([{ scores, question: '' }], ['k1@1.result', 'k3']);
  const second = indexOf([{ scores, question: '' }], ['k0@1.result', 'k2']);
  expect(pairsOf([first, second])).toEqual([{ row: 0, readings: [0, 0] }]);
});

it('leaves those of which only one is accepted, of one view', () => {
  const both: Both = [
    indexOf([
      { scores: [1, 1], question: 'Tom' },
      { scores: [1, 0], question: 'Sam' },
    ]),
    indexOf([
      { scores: [1, 0], question: 'Tom' },
      { scores: [0, 0], question: 'Sam' },
    ]),
  ];
  const of = (params: Record<string, string>) =>
    chosenPairs(both, pairsOf(both), wantedPairs(both, new URLSearchParams(params))).map(pair => pair.readings[0]);
  expect(of({ filter: 'accepted', order: 'first', sort: 'fve' })).toEqual([1, 2]);
  expect(of({ filter: 'accepted', view: 'b' })).toEqual([1]);
  expect(of({ filter: 'right', q: 'sam' })).toEqual([2]);
  expect(of({ filter: 'texts' }).sort()).toEqual([1, 2]);
});

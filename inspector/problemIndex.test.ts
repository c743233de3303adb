import fc from 'fast-check';
import { expect, it } from 'vitest';
import { indexOf } from './index.fixture.ts';
import { chosenRows, scoreAt, wantedOf } from './problemIndex.ts';

const rows = fc.array(
  fc.record({
    scores: fc.tuple(...[0, 1].map(() => fc.constantFrom(undefined, null, -1, 0, 0.5, 2))),
    question: fc.constantFrom('Tom has 5', 'Sam has 6', 'Tom has 6'),
  }),
  { maxLength: 12 },
);

it('a list sorted by a score has every row once, the score in order, and what has none last', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom('a', 'b'), fc.boolean(), (given, at, down) => {
      const index = indexOf(given);
      const wanted = wantedOf(index, new URLSearchParams({ sort: 'fve', at, down: down ? '1' : '' }));
      const chosen = chosenRows(index, wanted);
      expect([...chosen].sort((a, b) => a - b)).toEqual(given.map((_, row) => row));
      const scores = chosen.map(row => scoreAt(index, row, wanted) ?? null);
      expect(scores).toEqual(chosen.map(row => given[row]!.scores[at === 'a' ? 0 : 1] ?? null));
      const known = scores.filter(score => score !== null);
      expect(scores.slice(0, known.length)).toEqual(known);
      expect(known).toEqual([...known].sort((a, b) => (down ? b - a : a - b)));
    }),
  );
});

it('search and filter leave the rows that have every word and keep the filter', () => {
  fc.assert(
    fc.property(rows, given => {
      const index = indexOf(given);
      const wanted = wantedOf(index, new URLSearchParams({ q: 'has TOM', filter: 'accepted' }));
      const kept = given.flatMap(({ scores, question }, row) =>
        question.includes('Tom') && scores.every(score => score === undefined || (score ?? 0) > 0) ? [row] : [],
      );
      expect(chosenRows(index, wanted)).toEqual(kept);
    }),
  );
});

it('an address that asks for what is not there gets the order of the file, at the last view', () => {
  const index = indexOf([{ scores: [1, 2], question: '' }]);
  expect(wantedOf(index, new URLSearchParams({ sort: 'toString', at: 'c', filter: 'x' }))).toEqual({
    filter: 'all',
    search: '',
    sort: undefined,
    at: 1,
    down: false,
  });
});

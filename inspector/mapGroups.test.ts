import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byName, byValue } from './mapGroups.ts';
import { COLOURS, markOf } from './marks.ts';

it('numbers are in ranges from low to high: each value lies in the one that its group names', () => {
  const value = fc.oneof(fc.constant(null), fc.integer({ min: -20, max: 60 }).map(String));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 80 }), values => {
      const { names, of } = byValue(values);
      expect(names.length).toBeLessThanOrEqual(COLOURS + 1);
      values.forEach((number, i) => {
        const name = names[of[i]!]!;
        const [from = Number.NaN, to = from] = name.split(' to ').map(Number);
        if (number === null) expect(name).toBe('no gold step');
        else expect(Number(number) >= from && Number(number) <= to).toBe(true);
      });
      for (const group of names.keys()) expect(of).toContain(group);
    }),
  );
});

it('names that are many leave the rarest together, and results that are no numbers go by their names', () => {
  const values = [...'aaaabbbccddeefg'];
  const { names, of } = byValue(values);
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'others']);
  expect([of[0], of[14], byName(['x', null]).names]).toEqual([0, 5, ['x', 'no gold step']]);
});

it('42 groups have marks that differ in colour or shape', () => {
  const marks = Array.from({ length: 42 }, (_, group) => JSON.stringify(markOf(group, false)));
  expect(new Set(marks).size).toBe(42);
});

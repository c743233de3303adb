import fc from 'fast-check';
import { expect, it } from 'vitest';
import { microBatchesOf } from './microBatches.ts';

it('cuts texts of like length together, each into one micro-batch that is as wide as it needs', () => {
  const batch = fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 50 }),
    size: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(batch, ({ lengths, size }) => {
      const parts = microBatchesOf(lengths, size, 30);
      const rows = parts.flatMap(part => part.rows);
      expect([...rows].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      expect(rows.map(row => lengths[row])).toEqual([...lengths].sort((a, b) => b - a));
      expect(parts.slice(0, -1).every(part => part.rows.length === size)).toBe(true);
      for (const part of parts) {
        const longest = Math.max(...part.rows.map(row => lengths[row]!));
        expect(part.width).toBeGreaterThanOrEqual(longest);
        expect(part.width).toBeLessThan(longest + 4);
        expect(part.width).toBeLessThanOrEqual(30);
      }
    }),
  );
});

it('keeps texts of one length in their order', () => {
  expect(microBatchesOf([5, 2, 5, 2, 9], 2, 9)).toEqual([
    { rows: [4, 0], width: 9 },
    { rows: [2, 1], width: 8 },
    { rows: [3], width: 4 },
  ]);
});

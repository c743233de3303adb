import fc from 'fast-check';
import { expect, it } from 'vitest';
import { microBatchesOf } from './microBatches.ts';

it('puts every text into one micro-batch, and like numbers of texts and tokens into each', () => {
  const batch = fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 50 }),
    size: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(batch, ({ lengths, size }) => {
      const parts = microBatchesOf(lengths, size);
      expect(parts.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      const counts = parts.map(part => part.length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(size);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      const tokens = parts.map(part => part.reduce((sum, row) => sum + lengths[row]!, 0));
      expect(Math.max(...tokens) - Math.min(...tokens)).toBeLessThanOrEqual(2 * Math.max(...lengths));
    }),
  );
});

it('deals to and fro', () => {
  expect(microBatchesOf([1, 2, 3, 4, 5, 6], 2)).toEqual([
    [5, 0],
    [4, 1],
    [3, 2],
  ]);
});

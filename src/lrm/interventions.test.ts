import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causalOf, perIntervention, variantsOf } from './interventions.ts';

const close = (a: readonly number[], b: readonly number[]) => a.every((x, i) => Math.abs(x - b[i]!) < 1e-5);

describe('variants', () => {
  it('are mixtures: of one other problem, of nothing, of all, and of the own with a difference', () => {
    const { kinds, mixture, nothing } = variantsOf(4, [1, 3]);
    expect(kinds).toEqual(['swap', 'swap', 'zero', 'mean', 'noise', 'noise']);
    const row = (b: number, v: number) => [...mixture.subarray((b * 6 + v) * 4, (b * 6 + v + 1) * 4)];
    expect(row(0, 0)).toEqual([0, 1, 0, 0]);
    expect(row(2, 1)).toEqual([0, 1, 0, 0]);
    expect(row(1, 2)).toEqual([0, 0, 0, 0]);
    expect([...nothing.subarray(0, 6)]).toEqual([0, 0, 1, 0, 0, 0]);
    expect(row(3, 3)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(close(row(0, 4), [1, Math.SQRT1_2, 0, -Math.SQRT1_2])).toBe(true);
    expect(close(row(0, 5), [1, -Math.SQRT1_2, 0, Math.SQRT1_2])).toBe(true);
  });

  it('keep the mean of what they mix, but for nothing', () => {
    const shape = fc
      .integer({ min: 3, max: 12 })
      .chain(rows =>
        fc.tuple(
          fc.constant(rows),
          fc.uniqueArray(fc.integer({ min: 1, max: rows - 1 }), { minLength: 0, maxLength: 4 }),
        ),
      );
    fc.assert(
      fc.property(shape, ([rows, shifts]) => {
        const { kinds, mixture, nothing } = variantsOf(rows, shifts);
        expect(kinds.includes('noise')).toBe(shifts.length > 1);
        for (let row = 0; row < nothing.length; row++) {
          const weights = mixture.subarray(row * rows, (row + 1) * rows);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1 - nothing[row]!, 5);
        }
      }),
    );
  });
});

it('the scores of one problem’s steps are taken from its own row', () => {
  const scores = perIntervention(() => Float32Array.from({ length: 6 }, (_, i) => i));
  expect(causalOf(scores, 3, 1, [0, 2])).toEqual(perIntervention(() => [3, 5]));
});

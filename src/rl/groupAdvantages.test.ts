import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grpoAdvantages, rlooAdvantages } from './groupAdvantages.ts';

const score = fc.float({ min: -3, max: 3, noNaN: true });
/** Scores of some problems with as many texts each. */
const groups = fc.integer({ min: 2, max: 6 }).chain(samples =>
  fc.record({
    samples: fc.constant(samples),
    scores: fc.array(fc.array(score, { minLength: samples, maxLength: samples }), { minLength: 1, maxLength: 4 }),
  }),
);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const cut = (values: Float32Array, size: number) =>
  Array.from({ length: values.length / size }, (_, g) => [...values.slice(g * size, (g + 1) * size)]);

describe('advantages of a group', () => {
  it('are these for two problems of three texts', () => {
    const scores = [1, 2, 6, 0, 0, 3];
    expect([...rlooAdvantages(scores, 3)]).toEqual([-3, -1.5, 4.5, -1.5, -1.5, 3]);
    const [first, second] = [Math.sqrt(7) + 1e-4, Math.sqrt(3) + 1e-4];
    const expected = [-2 / first, -1 / first, 3 / first, -1 / second, -1 / second, 2 / second];
    expect([...grpoAdvantages(scores, 3)]).toEqual(expected.map(Math.fround));
  });

  it('have mean 0, follow the order of the scores, and see no other group', () => {
    fc.assert(
      fc.property(groups, fc.constantFrom(grpoAdvantages, rlooAdvantages), ({ samples, scores }, advantages) => {
        const found = cut(advantages(scores.flat(), samples), samples);
        found.forEach((own, g) => {
          expect(mean(own)).toBeCloseTo(0, 4);
          own.forEach((a, i) => {
            own.forEach((b, j) => {
              if (scores[g]![i]! > scores[g]![j]!) expect(a).toBeGreaterThanOrEqual(b);
            });
          });
          expect([...advantages(scores[g]!, samples)]).toEqual(own);
        });
      }),
    );
  });

  it('are n / (n - 1) times the distance from the mean (rloo)', () => {
    fc.assert(
      fc.property(groups, ({ samples, scores: [group] }) => {
        const centre = mean(group!);
        rlooAdvantages(group!, samples).forEach((a, i) => {
          expect(a).toBeCloseTo((samples / (samples - 1)) * (group![i]! - centre), 4);
        });
      }),
    );
  });

  it('have an unbiased variance of 1 whatever the scale of the scores (grpo)', () => {
    fc.assert(
      fc.property(groups, fc.constantFrom(1, 10), ({ samples, scores: [group] }, scale) => {
        fc.pre(Math.max(...group!) - Math.min(...group!) > 0.1);
        const scores = group!.map(x => scale * x);
        const squares = [...grpoAdvantages(scores, samples)].map(a => a ** 2);
        expect((samples / (samples - 1)) * mean(squares)).toBeCloseTo(1, 1);
      }),
    );
  });

  it('are 0 where all texts score the same', () => {
    fc.assert(
      fc.property(score, fc.integer({ min: 2, max: 6 }), (same, samples) => {
        for (const advantages of [grpoAdvantages, rlooAdvantages])
          advantages(Array(samples).fill(same), samples).forEach(a => {
            expect(Math.abs(a)).toBeLessThan(1e-6);
          });
      }),
    );
  });
});

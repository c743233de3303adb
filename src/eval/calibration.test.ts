import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { brier, calibrate, probability, reliability } from './calibration.ts';

type Scored = Parameters<typeof probability>[1];

const reading = (similarity: number, over = 0.5): Scored => ({
  scores: { similarity, gap: 0.4, lift: 0.3, fve: 0.2, log_likelihood: -6, tokens: 6 },
  controls: {
    swapped: { text: 'x', similarity: similarity - over, fve: 0 },
  },
  alternatives: [],
  same: true,
});

/** Readings that are right with the probability that a logistic curve of their similarity gives. */
function world(seed: number, count: number) {
  const rng = stream(seed, 'calibration');
  const readings = Array.from({ length: count }, () => reading(rng(), rng()));
  const truth = readings.map(({ scores }) => 1 / (1 + Math.exp(-8 * (scores.similarity - 0.4))));
  return { readings, truth, right: truth.map(p => rng() < p) };
}

describe('calibration', () => {
  it('finds the curve by which readings are right, and says of others how probably they are', () => {
    const fitted = calibrate(world(1, 2000).readings, world(1, 2000).right)!;
    const { readings, truth, right } = world(2, 2000);
    const predicted = readings.map(r => probability(fitted, r));
    for (const [i, p] of predicted.entries()) expect(Math.abs(p - truth[i]!)).toBeLessThan(0.08);
    expect(fitted.weights.similarity).toBeCloseTo(8, 0);
    for (const { predicted: p, observed, readings: n } of reliability(predicted, right))
      expect(Math.abs(p - observed)).toBeLessThan(3.5 * Math.sqrt((p * (1 - p)) / n) + 0.03);
    expect(brier(predicted, right)).toBeLessThan(
      brier(
        truth.map(() => 0.5),
        right,
      ),
    );
  });

  it('stays finite where all are right, none is, or one score divides them', () => {
    const readings = [0.1, 0.2, 0.8, 0.9].map(s => reading(s));
    const at = (right: boolean[]) => readings.map(r => probability(calibrate(readings, right)!, r));
    expect(Math.min(...at([true, true, true, true]))).toBeGreaterThan(0.6);
    expect(Math.max(...at([false, false, false, false]))).toBeLessThan(0.4);
    const [low, , , high] = at([false, false, true, true]);
    expect(low).toBeLessThan(0.4);
    expect(high).toBeGreaterThan(0.6);
    expect(calibrate(readings.slice(0, 1), [true])).toBeNull();
  });

  it('gives probabilities for whatever was measured', () => {
    const score = fc.double({ min: -5, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(score, fc.boolean()), { minLength: 2, maxLength: 30 }), rows => {
        const readings = rows.map(([s]) => reading(s));
        const fitted = calibrate(
          readings,
          rows.map(([, right]) => right),
        )!;
        for (const r of readings) {
          const p = probability(fitted, r);
          expect(p >= 0 && p <= 1).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});

it('reliability counts every reading once, in bins of equal width', () => {
  expect(reliability([0.05, 0.07, 0.95, 1], [false, true, true, true])).toEqual([
    { predicted: 0.060000000000000005, observed: 0.5, readings: 2 },
    { predicted: 0.975, observed: 1, readings: 2 },
  ]);
  expect(reliability([], [])).toEqual([]);
});

import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import {
  columnDeviation,
  columnMean,
  cosineAt,
  covariance,
  type Frame,
  fve,
  fveTerms,
  logDeterminant,
  pooledWhitening,
  residualWhitening,
  similarities,
  squaredDistance,
  WORST,
  whiten,
} from './similarity.ts';

const d = 5;
/** Correlated rows [n,d]. */
function rows(n: number, seed: number): Float32Array {
  const uniform = uniformsFrom(seed);
  const mix = Array.from({ length: d * d }, () => uniform() - 0.5);
  return Float32Array.from({ length: n * d }, () => 0).map((_, at, out) => {
    if (at % d > 0) return out[at]!;
    const raw = Array.from({ length: d }, () => 3 * (uniform() - 0.5));
    for (let j = 1; j < d; j++) out[at + j] = raw.reduce((sum, x, i) => sum + x * mix[i * d + j]!, 0);
    return raw.reduce((sum, x, i) => sum + x * mix[i * d]!, 2);
  });
}

const identity = (centre = new Float32Array(d)): Frame => ({
  centre,
  whitening: Float32Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0)),
});

const vectors = (n: number) =>
  fc
    .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: n * d, maxLength: n * d })
    .map(x => Float32Array.from(x));

describe('FVE', () => {
  it('is 1 for the truth, 0 for the mean, null without targets or without variance', () => {
    const targets = rows(40, 1);
    const mean = columnMean(targets, d);
    expect(fve(targets, targets, d)).toBe(1);
    expect(
      fve(
        targets.map((_, i) => mean[i % d]!),
        targets,
        d,
      ),
    ).toBeCloseTo(0, 6);
    expect(fve(new Float32Array(), new Float32Array(), d)).toBeNull();
    expect(fve(targets.slice(0, d), targets.slice(0, d), d)).toBeNull();
  });

  it('is 1 - Σ|h - t|² / Σ|t - μ|², and its terms say so row by row', () => {
    fc.assert(
      fc.property(vectors(6), vectors(6), (readouts, targets) => {
        const { error, total } = fveTerms(readouts, targets, d);
        const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
        const value = fve(readouts, targets, d);
        if (value === null) return sum(total) === 0;
        for (let i = 0; i < 6; i++) expect(error[i]).toBe(squaredDistance(readouts, i, targets, i, d));
        expect(value).toBeCloseTo(1 - sum(error) / sum(total), 10);
        return value <= 1;
      }),
    );
  });

  it('on unit vectors follows from the cosine: 1 - 2 (1 - cos) / (1 - |μ|²)', () => {
    const unit = (x: Float32Array) => {
      const length = (row: number) => Math.hypot(...x.subarray(row * d, (row + 1) * d));
      return x.map((value, i) => value / length(Math.floor(i / d)));
    };
    const [readouts, targets] = [unit(rows(30, 2)), unit(rows(30, 3))];
    const mean = columnMean(targets, d);
    const cos = Array.from({ length: 30 }, (_, i) => cosineAt(readouts, i, targets, i, d)).reduce((a, b) => a + b) / 30;
    const spread = 1 - mean.reduce((sum, x) => sum + x * x, 0);
    expect(fve(readouts, targets, d)).toBeCloseTo(1 - (2 * (1 - cos)) / spread, 5);
  });
});

describe('whitening', () => {
  const sample = rows(400, 4);
  const cov = covariance(sample, d);

  it('by the pooled covariance makes the covariance the identity where there is no ridge', () => {
    const frame = { centre: columnMean(sample, d), whitening: pooledWhitening(cov, 0) };
    const white = whiten(frame, sample);
    const after = covariance(white, d);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) expect(after.get(i, j)).toBeCloseTo(i === j ? 1 : 0, 4);
    }
    columnMean(white, d).forEach(x => {
      expect(x).toBeCloseTo(0, 4);
    });
  });

  it('with a ridge gives every direction a variance below 1, and leaves none undefined', () => {
    const flat = sample.map((x, i) => (i % d === 0 ? 1 : x));
    const whitening = pooledWhitening(covariance(flat, d), 0.05);
    const after = covariance(whiten({ centre: columnMean(flat, d), whitening }, flat), d);
    const { realEigenvalues } = new EigenvalueDecomposition(after, { assumeSymmetric: true });
    expect(Math.max(...realEigenvalues)).toBeLessThan(1);
    expect(whitening.every(Number.isFinite)).toBe(true);
  });

  it("by a residual covariance measures Mahalanobis' distance", () => {
    const whitening = residualWhitening(cov, 0.1);
    const ridged = Matrix.add(cov, Matrix.eye(d, d).mul((0.1 * cov.trace()) / d));
    const frame = { centre: columnMean(sample, d), whitening };
    const white = whiten(frame, sample);
    const precision = new EigenvalueDecomposition(ridged, { assumeSymmetric: true });
    for (let i = 0; i < 5; i++) {
      const difference = Array.from({ length: d }, (_, k) => sample[i * d + k]! - sample[(i + 1) * d + k]!);
      const expected = precision.realEigenvalues.reduce((sum, value, e) => {
        const along = difference.reduce((dot, x, k) => dot + x * precision.eigenvectorMatrix.get(k, e), 0);
        return sum + along ** 2 / value;
      }, 0);
      expect(squaredDistance(white, i, white, i + 1, d) / expected).toBeCloseTo(1, 4);
    }
  });

  it('needs two vectors', () => {
    expect(() => covariance(new Float32Array(d), d)).toThrow(/at least 2 vectors, here 1/);
  });
});

describe('similarities', () => {
  const frame = { centre: columnMean(rows(50, 5), d), whitening: pooledWhitening(covariance(rows(50, 5), d), 0.05) };

  it('stay in their scales, and are highest for the target itself', () => {
    fc.assert(
      fc.property(vectors(3), vectors(3), fc.constantFrom('whitened_cosine', 'cosine', 'neg_mse'), (a, b, kind) => {
        const top = kind === 'neg_mse' ? 0 : 1;
        const values = similarities(kind, frame, a, b, 3);
        expect(values.every(x => x >= WORST[kind] && x <= top + 1e-6)).toBe(true);
        similarities(kind, frame, b, b, 3).forEach((x, i) => {
          expect(x).toBeGreaterThanOrEqual(values[i]! - 1e-6);
        });
      }),
    );
  });

  it('do not depend on the other rows', () => {
    const [a, b] = [rows(4, 6), rows(4, 7)];
    const together = similarities('whitened_cosine', frame, a, b, 1);
    together.forEach((value, i) => {
      const [x, y] = [a.slice(i * d, (i + 1) * d), b.slice(i * d, (i + 1) * d)];
      expect(similarities('whitened_cosine', frame, x, y, 1)[0]).toBe(value);
    });
  });

  it('take the whitened cosine about the centre, the plain one about the origin', () => {
    const centre = Float32Array.of(1, 1, 0, 0, 0);
    const a = Float32Array.of(2, 1, 0, 0, 0);
    const b = Float32Array.of(1, 2, 0, 0, 0);
    expect(similarities('whitened_cosine', identity(centre), a, b, 1)[0]).toBeCloseTo(0, 6);
    expect(similarities('cosine', identity(centre), a, b, 1)[0]).toBeCloseTo(0.8, 6);
    expect(similarities('neg_mse', identity(centre), a, b, 4)[0]).toBeCloseTo(-0.5, 6);
  });

  it('give a readout that is not finite the worst value of the scale', () => {
    const target = Float32Array.of(1, 2, 3, 4, 5);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const readout = Float32Array.of(1, bad, 3, 4, 5);
      for (const kind of ['whitened_cosine', 'cosine', 'neg_mse'] as const)
        expect(similarities(kind, identity(), readout, target, 1)[0]).toBe(WORST[kind]);
    }
    expect(
      similarities(
        'neg_mse',
        identity(),
        target.map(x => x + 9),
        target,
        1,
      )[0],
    ).toBe(WORST.neg_mse);
  });
});

it('column statistics are those of the columns', () => {
  const values = Float32Array.of(1, 10, 3, 10, 5, 10);
  expect([...columnMean(values, 2)]).toEqual([3, 10]);
  expect(columnDeviation(values, 2)[0]).toBeCloseTo(2 + 1e-3, 6);
  expect(columnDeviation(values, 2)[1]).toBeCloseTo(1e-3, 9);
});

it('the log-determinant is that of the eigenvalues', () => {
  const cov = covariance(rows(60, 8), d);
  const { realEigenvalues } = new EigenvalueDecomposition(cov, { assumeSymmetric: true });
  expect(logDeterminant(cov)).toBeCloseTo(
    realEigenvalues.reduce((sum, x) => sum + Math.log(x), 0),
    6,
  );
});

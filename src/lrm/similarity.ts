/**
 * How close a readout is to a target: the project's single definition of each similarity and of FVE.
 *
 * A `Frame` is the geometry in which a kind of target is compared: a centre, a whitening matrix, and the statistics by
 * which the policy's input is standardised. Cosine has no zero of its own, so FVE is reported beside every cosine.
 */
import { CholeskyDecomposition, EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { RecodiError } from '../tensor/errors.ts';

export interface Frame {
  /** [d], subtracted before whitening. */
  readonly centre: Float32Array;
  /** [d,d] row-major; a whitened vector is `(x - centre) · whitening`. */
  readonly whitening: Float32Array;
  /** The same of targets, where they are whitened otherwise than readouts. */
  readonly targetWhitening?: Float32Array;
}

/** What similarity a reward is made of. */
export type SimilarityKind = 'whitened_cosine' | 'cosine' | 'neg_mse';

/** The worst value of each similarity: what a text gets that cannot be read. `neg_mse` is clamped to it. */
export const WORST: Readonly<Record<SimilarityKind, number>> = { whitened_cosine: -1, cosine: -1, neg_mse: -4 };

/** [n,d] -> [n,d]: `(x - centre) · whitening`. Four rows of the matrix at a time, so that sums are fetched a quarter as often. */
export function whiten({ centre, whitening }: Omit<Frame, 'targetWhitening'>, rows: Float32Array): Float32Array {
  const d = centre.length;
  const out = new Float32Array(rows.length);
  const sums = new Float64Array(d);
  const matrix = Float64Array.from(whitening);
  const whole = d - (d % 4);
  for (let start = 0; start < rows.length; start += d) {
    const centred = (i: number) => rows[start + i]! - centre[i]!;
    sums.fill(0);
    for (let i = 0; i < whole; i += 4) {
      const [a, b, c, e] = [centred(i), centred(i + 1), centred(i + 2), centred(i + 3)];
      const at = i * d;
      for (let j = 0; j < d; j++)
        sums[j]! +=
          a * matrix[at + j]! + b * matrix[at + d + j]! + c * matrix[at + 2 * d + j]! + e * matrix[at + 3 * d + j]!;
    }
    for (let i = whole; i < d; i++) {
      const a = centred(i);
      for (let j = 0; j < d; j++) sums[j]! += a * matrix[i * d + j]!;
    }
    out.set(sums, start);
  }
  return out;
}

/** Cosine of rows `i` of a [n,d] and `j` of b [m,d]; 0 where either has no length. */
export function cosineAt(a: Float32Array, i: number, b: Float32Array, j: number, d: number): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let k = 0; k < d; k++) {
    const x = a[i * d + k]!;
    const y = b[j * d + k]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  const scale = Math.sqrt(aa * bb);
  return scale === 0 ? 0 : dot / scale;
}

/** A similarity in one geometry. Preparing is the costly part of a vector, done once per vector; both kinds are [n,d] rows. */
export interface Comparer {
  readouts(rows: Float32Array): Float32Array;
  targets(rows: Float32Array): Float32Array;
  /** Of prepared readout i and prepared target j; the worst value where it is not finite. */
  compare(readouts: Float32Array, i: number, targets: Float32Array, j: number): number;
}

/** `variance`: mean squared distance of targets from their mean, in which `neg_mse` is measured. */
export function comparer(kind: SimilarityKind, frame: Frame, variance: number): Comparer {
  const d = frame.centre.length;
  const measured = (a: Float32Array, i: number, b: Float32Array, j: number) =>
    kind === 'neg_mse' ? Math.max(WORST.neg_mse, -squaredDistance(a, i, b, j, d) / variance) : cosineAt(a, i, b, j, d);
  const { centre, whitening, targetWhitening = whitening } = frame;
  const prepared = (by: Float32Array) => (rows: Float32Array) =>
    kind === 'whitened_cosine' ? whiten({ centre, whitening: by }, rows) : rows;
  return {
    readouts: prepared(whitening),
    targets: prepared(targetWhitening),
    compare(a, i, b, j) {
      const value = measured(a, i, b, j);
      return Number.isFinite(value) ? value : WORST[kind];
    },
  };
}

/** Row-wise similarities of readouts [n,d] to targets [n,d] -> [n]. */
export function similarities(
  kind: SimilarityKind,
  frame: Frame,
  readouts: Float32Array,
  targets: Float32Array,
  variance: number,
): Float32Array {
  const { compare, ...prepare } = comparer(kind, frame, variance);
  const [a, b] = [prepare.readouts(readouts), prepare.targets(targets)];
  return Float32Array.from({ length: readouts.length / frame.centre.length }, (_, i) => compare(a, i, b, i));
}

export function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number, d: number): number {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += (a[i * d + k]! - b[j * d + k]!) ** 2;
  return sum;
}

/**
 * Fraction of variance explained, `1 - Σ|h - t|² / Σ|t - μ|²` with μ the mean of the targets as they are scored; null for an
 * empty batch or targets without variance. Predicting the mean gives 0, the truth 1. [n,d],[n,d] -> number
 */
export function fve(readouts: Float32Array, targets: Float32Array, d: number): number | null {
  const terms = fveTerms(readouts, targets, d);
  const total = terms.total.reduce((a, b) => a + b, 0);
  return total > 0 ? 1 - terms.error.reduce((a, b) => a + b, 0) / total : null;
}

/** The two sums of `fve`, row by row, so that intervals can be resampled. */
export function fveTerms(
  readouts: Float32Array,
  targets: Float32Array,
  d: number,
): { error: Float64Array; total: Float64Array } {
  const n = targets.length / d;
  const mean = columnMean(targets, d);
  const error = new Float64Array(n);
  const total = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    error[i] = squaredDistance(readouts, i, targets, i, d);
    total[i] = squaredDistance(targets, i, mean, 0, d);
  }
  return { error, total };
}

/** [n,d] -> [d] */
export function columnMean(rows: Float32Array, d: number): Float32Array {
  const n = Math.max(1, rows.length / d);
  const sum = new Float64Array(d);
  for (let i = 0; i < rows.length; i++) sum[i % d]! += rows[i]!;
  return Float32Array.from(sum, x => x / n);
}

/** [n,d] -> [d], with a floor of 1e-3. */
export function columnDeviation(rows: Float32Array, d: number): Float32Array {
  const mean = columnMean(rows, d);
  const n = Math.max(2, rows.length / d);
  const sum = new Float64Array(d);
  for (let i = 0; i < rows.length; i++) sum[i % d]! += (rows[i]! - mean[i % d]!) ** 2;
  return Float32Array.from(sum, x => Math.sqrt(x / (n - 1)) + 1e-3);
}

/** Covariance of centred rows [n,d] -> [d,d]. */
export function covariance(rows: Float32Array, d: number): Matrix {
  const n = rows.length / d;
  if (n < 2) throw new RecodiError('input', `a covariance needs at least 2 vectors, here ${n}; collect more problems.`);
  const mean = columnMean(rows, d);
  const out = new Float64Array(d * d);
  const row = new Float64Array(d);
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < d; i++) row[i] = rows[r * d + i]! - mean[i]!;
    for (let i = 0; i < d; i++) {
      const x = row[i]!;
      for (let j = i; j < d; j++) out[i * d + j]! += x * row[j]!;
    }
  }
  return Matrix.from1DArray(d, d, [
    ...out.map(
      (_, at) => out[Math.min(Math.floor(at / d), at % d) * d + Math.max(Math.floor(at / d), at % d)]! / (n - 1),
    ),
  ]);
}

/** ZCA-free whitening `U (λ + ridge · mean λ)^-½` of a covariance: [d,d] row-major. */
export function pooledWhitening(cov: Matrix, ridge: number): Float32Array {
  const d = cov.rows;
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(cov, { assumeSymmetric: true });
  const mean = realEigenvalues.reduce((a, b) => a + b, 0) / d;
  const scale = realEigenvalues.map(value => 1 / Math.sqrt(Math.max(value, 0) + ridge * mean));
  return Float32Array.from(
    { length: d * d },
    (_, at) => eigenvectorMatrix.get(Math.floor(at / d), at % d) * scale[at % d]!,
  );
}

/** Whitening by a residual covariance: the Cholesky factor of its ridged inverse, [d,d] row-major. */
export function residualWhitening(cov: Matrix, ridge: number): Float32Array {
  const d = cov.rows;
  const ridged = Matrix.add(cov, Matrix.eye(d, d).mul((ridge * cov.trace()) / d));
  const precision = inverse(ridged);
  const symmetric = Matrix.add(precision, precision.transpose()).mul(0.5);
  const factor = new CholeskyDecomposition(symmetric).lowerTriangularMatrix;
  return Float32Array.from({ length: d * d }, (_, at) => factor.get(Math.floor(at / d), at % d));
}

/**
 * Whitenings of readouts and of targets, [d,d] each, by which their cosine compares a latent with what the text's state predicts of it
 * (up to a factor that a target's texts share). `total` is the covariance of states h, `residual` that of h given the latent, t what
 * the translator makes of the latent. For Gaussians with the latent z, P the regression of z on h, and C its residual covariance:
 * `(P h)ᵀ C⁻¹ z = hᵀ residual⁻¹ t` and `Pᵀ C⁻¹ P = residual⁻¹ - total⁻¹ = U S² Uᵀ`, so that readouts are taken by `U S` and targets by
 * `residual⁻¹ U S⁻¹`.
 */
export function predictedWhitening(
  total: Matrix,
  residual: Matrix,
  ridge: number,
): Required<Pick<Frame, 'whitening' | 'targetWhitening'>> {
  const d = residual.rows;
  const floor = Matrix.eye(d, d).mul((ridge * residual.trace()) / d);
  const own = inverse(Matrix.add(residual, floor));
  const gained = Matrix.sub(own, inverse(Matrix.add(total, floor)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    Matrix.add(gained, gained.transpose()).mul(0.5),
    { assumeSymmetric: true },
  );
  const least = SEEN * Math.max(...realEigenvalues);
  const scaled = (factor: (s: number) => number) =>
    eigenvectorMatrix
      .clone()
      .mulRowVector(realEigenvalues.map(value => (value > least ? factor(Math.sqrt(value)) : 0)));
  const flat = (matrix: Matrix) => Float32Array.from(matrix.to1DArray());
  return { whitening: flat(scaled(s => s)), targetWhitening: flat(own.mmul(scaled(s => 1 / s))) };
}

/** Share of the best direction below which a latent is not seen in a state. */
const SEEN = 1e-6;

/** log det of a positive definite matrix. */
export function logDeterminant(cov: Matrix): number {
  const factor = new CholeskyDecomposition(cov).lowerTriangularMatrix;
  let sum = 0;
  for (let i = 0; i < cov.rows; i++) sum += 2 * Math.log(factor.get(i, i));
  return sum;
}

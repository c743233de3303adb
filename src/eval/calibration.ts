/**
 * How probably a reading is right, from its scores alone: logistic regression, fitted on readings of problems whose steps are known
 * and asked about others. A probability of .9 should be right nine times of ten; reliability and Brier score say whether it is.
 */
import { Matrix, solve } from 'ml-matrix';
import type { Reading } from './readings.ts';

/** What is known of a reading without gold. */
const EVIDENCE = {
  similarity: ({ scores }) => scores.similarity,
  gap: ({ scores }) => scores.gap,
  fve: ({ scores }) => scores.fve,
  /** Over what the same decoding finds for another problem's latent. */
  over_swapped: ({ scores, controls }) => scores.similarity - controls.swapped.similarity,
  /** Over the next best text. */
  margin: ({ scores, alternatives }) => (alternatives[0] ? scores.similarity - alternatives[0].similarity : 0),
  log_likelihood: ({ scores }) => scores.log_likelihood / scores.tokens,
  same: ({ same }) => Number(same),
} as const satisfies Record<string, (reading: Scored) => number>;

type Scored = Pick<Reading, 'scores' | 'alternatives' | 'same'> & {
  readonly controls: Pick<Reading['controls'], 'swapped'>;
};

export interface Calibration {
  readonly intercept: number;
  /** Per unit of evidence. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Standard deviation of the normal prior on a weight of standardised evidence: what says nothing stays near 0, what divides all stays finite. */
const PRIOR = 3;
const ITERATIONS = 50;

const names = Object.keys(EVIDENCE) as (keyof typeof EVIDENCE)[];

/** The posterior mode, by Newton's method. null for fewer than two readings. */
export function calibrate(readings: readonly Scored[], right: readonly boolean[]): Calibration | null {
  if (readings.length < 2) return null;
  const columns = names.map(name => readings.map(EVIDENCE[name]));
  const means = columns.map(mean);
  const deviations = columns.map((values, j) => Math.sqrt(mean(values.map(x => (x - means[j]!) ** 2))) || 1);
  const x = new Matrix(
    readings.map((_, i) => [1, ...columns.map((values, j) => (values[i]! - means[j]!) / deviations[j]!)]),
  );
  const precision = Matrix.diag([0.1, ...names.map(() => 1)]).mul(1 / PRIOR ** 2);
  let beta = Matrix.zeros(names.length + 1, 1);
  for (let step = 0; step < ITERATIONS; step++) {
    const p = x.mmul(beta).to1DArray().map(sigmoid);
    const slope = x.transpose().mmul(Matrix.columnVector(p.map((value, i) => Number(right[i]) - value)));
    const curvature = x
      .transpose()
      .mmul(Matrix.mul(x, Matrix.columnVector(p.map(v => v * (1 - v))).mmul(Matrix.ones(1, x.columns))));
    const change = solve(Matrix.add(curvature, precision), Matrix.sub(slope, precision.mmul(beta)));
    beta = Matrix.add(beta, change);
    if (change.norm() < 1e-9) break;
  }
  const [constant, ...standard] = beta.to1DArray();
  const weights = standard.map((weight, j) => weight / deviations[j]!);
  return {
    intercept: weights.reduce((sum, weight, j) => sum - weight * means[j]!, constant!),
    weights: Object.fromEntries(names.map((name, j) => [name, weights[j]!])),
  };
}

export function probability({ intercept, weights }: Calibration, reading: Scored): number {
  return sigmoid(names.reduce((sum, name) => sum + weights[name]! * EVIDENCE[name](reading), intercept));
}

/** Predicted against observed, in `bins` of equal width, those without readings left out. */
export interface Reliability {
  readonly predicted: number;
  readonly observed: number;
  readonly readings: number;
}

export function reliability(predicted: readonly number[], right: readonly boolean[], bins = 10): Reliability[] {
  const rows = Array.from({ length: bins }, () => ({ predicted: 0, right: 0, readings: 0 }));
  predicted.forEach((p, i) => {
    const row = rows[Math.min(bins - 1, Math.floor(p * bins))]!;
    row.predicted += p;
    row.right += Number(right[i]);
    row.readings += 1;
  });
  return rows
    .filter(row => row.readings > 0)
    .map(row => ({
      predicted: row.predicted / row.readings,
      observed: row.right / row.readings,
      readings: row.readings,
    }));
}

/** Mean squared difference of probability and outcome (Brier 1950): 0 is perfect, .25 is saying .5 to all. NaN for none. */
export function brier(predicted: readonly number[], right: readonly boolean[]): number {
  return mean(predicted.map((p, i) => (p - Number(right[i])) ** 2));
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

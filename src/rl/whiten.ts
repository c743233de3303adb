/** Means and variances under a mask, and what is built on them. Sums run in double precision, in index order. */

/** Mean and unbiased variance of the values under the mask; variance 0 for fewer than two of them. */
export function moments(values: Float32Array, mask: Float32Array): { count: number; mean: number; variance: number } {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    count += 1;
    sum += values[i]!;
  }
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) squares += (values[i]! - mean) ** 2;
  return { count, mean, variance: count < 2 ? 0 : squares / (count - 1) };
}

/** The values with mean 0 and variance 1 under the mask, 0 outside it (TRL's masked_whiten: unbiased variance, + 1e-8). */
export function whiten(values: Float32Array, mask: Float32Array): Float32Array {
  const { mean, variance } = moments(values, mask);
  const scale = 1 / Math.sqrt(variance + 1e-8);
  return values.map((value, i) => (mask[i] === 0 ? 0 : (value - mean) * scale));
}

/** 1 − Var(returns − values) / Var(returns) under the mask; 0 where the returns do not vary. */
export function explainedVariance(values: Float32Array, returns: Float32Array, mask: Float32Array): number {
  const total = moments(returns, mask).variance;
  const errors = returns.map((value, i) => value - values[i]!);
  return total === 0 ? 0 : 1 - moments(errors, mask).variance / total;
}

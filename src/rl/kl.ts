/**
 * Distance to the reference policy, from the log-probabilities of the sampled tokens alone (Schulman, "Approximating KL
 * divergence", 2020), and the coefficient that weighs it (Ziegler et al. 2019).
 */

/** log p − log q per token [n], 0 at padding: unbiased, of either sign; what the reward uses where it has a KL. */
export function klK1(logProbs: Float32Array, reference: Float32Array, mask: Float32Array): Float32Array {
  return mask.map((m, i) => (m === 0 ? 0 : logProbs[i]! - reference[i]!));
}

/** q/p − 1 − log(q/p) per token [n], 0 at padding: unbiased, never negative, of low variance; what metrics show, and GRPO's loss in graph code. */
export function klK3(logProbs: Float32Array, reference: Float32Array, mask: Float32Array): Float32Array {
  return mask.map((m, i) => {
    const logRatio = reference[i]! - logProbs[i]!;
    return m === 0 ? 0 : Math.max(0, Math.expm1(logRatio) - logRatio);
  });
}

export interface AdaptiveKl {
  /** KL per text to steer to. */
  readonly target: number;
  /** Texts over which it steers. */
  readonly horizon: number;
}

/**
 * The coefficient after `texts` texts whose mean KL was `kl`: β (1 + clip(kl / target − 1, ±.2) · texts / horizon). Without
 * `adaptive` it stays as it is. The coefficient itself is all the state there is.
 */
export function nextKlCoefficient(
  coefficient: number,
  seen: { kl: number; texts: number },
  adaptive?: AdaptiveKl,
): number {
  if (adaptive === undefined) return coefficient;
  const error = Math.min(0.2, Math.max(-0.2, seen.kl / adaptive.target - 1));
  return coefficient * (1 + (error * seen.texts) / adaptive.horizon);
}

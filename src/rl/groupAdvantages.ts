/**
 * Advantages without a value function: what a text earns beside the other texts of its problem. A problem's texts stand together,
 * at least two of them; where all earn the same, none has an advantage.
 */
import { moments } from './whiten.ts';

/** (r − mean) / (std + 1e-4) of the group, unbiased std [texts] -> [texts] · GRPO, arXiv 2402.03300, section 4.1.2; the 1e-4 is TRL's. */
export function grpoAdvantages(scores: ArrayLike<number>, samples: number): Float32Array {
  return byGroup(scores, samples, group => {
    const { mean, variance } = moments(
      group,
      group.map(() => 1),
    );
    return group.map(score => (score - mean) / (Math.sqrt(variance) + 1e-4));
  });
}

/** r minus the mean of the group's others [texts] -> [texts] · RLOO, arXiv 2402.14740, section 3.2. */
export function rlooAdvantages(rewards: ArrayLike<number>, samples: number): Float32Array {
  return byGroup(rewards, samples, group => {
    const total = group.reduce((sum, reward) => sum + reward, 0);
    return group.map(reward => reward - (total - reward) / (samples - 1));
  });
}

function byGroup(
  values: ArrayLike<number>,
  samples: number,
  advantages: (group: Float32Array) => Float32Array,
): Float32Array {
  const all = Float32Array.from(values);
  for (let start = 0; start < all.length; start += samples)
    all.set(advantages(all.subarray(start, start + samples)), start);
  return all;
}

/** From numbers of rollouts and of PPO steps to the metrics of an update, under TRL's names (src/run/metrics.ts says how to read them). */
import { klK3 } from './kl.ts';
import { rowSums, tokenCount } from './mask.ts';
import { PPO_PARTS, type PpoParts } from './ppoLoss.ts';
import { explainedVariance, moments } from './whiten.ts';

export interface RolloutNumbers {
  readonly mask: Float32Array;
  readonly width: number;
  readonly logProbs: Float32Array;
  /** The sampler's own, before the trainer's kernels recomputed them. */
  readonly samplerLogProbs: Float32Array;
  readonly referenceLogProbs: Float32Array;
  readonly values: Float32Array;
  readonly returns: Float32Array;
  /** Per token, k1. */
  readonly kl: Float32Array;
  readonly klCoefficient: number;
  /** One per text. */
  readonly scores: ArrayLike<number>;
  /** One per text: 1 where it ended by itself. */
  readonly ended: ArrayLike<number>;
  /** Texts per problem; a problem's texts stand together. */
  readonly samples: number;
}

/** Metrics `objective/*`, `completions/*`, `val/num_eos_tokens`, `losses/*`, `sampling/*`, `frac_reward_zero_std`. */
export function rolloutMetrics(rollouts: RolloutNumbers): Record<string, number> {
  const { mask, width, logProbs, klCoefficient } = rollouts;
  const scores = Array.from(rollouts.scores);
  const ended = sum(Array.from(rollouts.ended));
  const perText = (values: Float32Array) => mean([...rowSums(values, mask, width)]);
  const kl = perText(rollouts.kl);
  const lengths = [...rowSums(mask, mask, width)];
  const gaps = mask.map((m, i) => (m === 0 ? 0 : Math.abs(logProbs[i]! - rollouts.samplerLogProbs[i]!)));
  return {
    'objective/kl': kl,
    'objective/kl_k3': perText(klK3(logProbs, rollouts.referenceLogProbs, mask)),
    'objective/entropy': -perText(logProbs),
    'objective/non_score_reward': -klCoefficient * kl,
    'objective/rlhf_reward': mean(scores) - klCoefficient * kl,
    'objective/scores': mean(scores),
    'objective/kl_coef': klCoefficient,
    'val/num_eos_tokens': ended,
    'losses/explained_variance': explainedVariance(rollouts.values, rollouts.returns, mask),
    'completions/mean_length': tokenCount(mask) / lengths.length,
    'completions/max_length': largest(lengths),
    'completions/clipped_ratio': 1 - ended / lengths.length,
    frac_reward_zero_std: shareOfFlatGroups(scores, rollouts.samples),
    'sampling/sampling_logp_difference/mean': moments(gaps, mask).mean,
    'sampling/sampling_logp_difference/max': largest(gaps),
  };
}

/** `rewards/<name>/mean` and `/std` of every term of the scores. */
export function termMetrics(terms: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const name of Object.keys(terms[0] ?? {})) {
    const values = Float32Array.from(terms, term => term[name]!);
    const spread = moments(
      values,
      values.map(() => 1),
    );
    result[`rewards/${name}/mean`] = spread.mean;
    result[`rewards/${name}/std`] = Math.sqrt(spread.variance);
  }
  return result;
}

/** Micro-batches of one PPO step -> the step's own numbers: everything adds up, but for the largest ratio error. */
export function stepParts(micro: readonly Readonly<Record<string, number>>[]): PpoParts<number> {
  const whole = (name: (typeof PPO_PARTS)[number]) => {
    const values = micro.map(part => part[name]!);
    return name === 'ratio_error' ? largest(values) : sum(values);
  };
  return Object.fromEntries(PPO_PARTS.map(name => [name, whole(name)])) as PpoParts<number>;
}

/** The steps of one update -> its metrics: means over steps, and the variance of the ratio over them. */
export function ppoMetrics(steps: readonly PpoParts<number>[]): Record<string, number> {
  const average = (name: (typeof PPO_PARTS)[number]) => mean(steps.map(step => step[name]));
  const ratios = Float32Array.from(steps, step => step.ratio);
  return {
    'policy/approxkl_avg': average('approx_kl'),
    'policy/clipfrac_avg': average('clip_fraction'),
    'policy/entropy_avg': average('entropy'),
    'loss/policy_avg': average('policy_loss'),
    'loss/value_avg': average('value_loss'),
    'val/ratio': average('ratio'),
    'val/ratio_var': moments(
      ratios,
      ratios.map(() => 1),
    ).variance,
    'val/clipfrac_avg': average('value_clip_fraction'),
  };
}

function shareOfFlatGroups(scores: readonly number[], samples: number): number {
  const groups = scores.length / samples;
  let flat = 0;
  for (let group = 0; group < groups; group++) {
    const own = scores.slice(group * samples, (group + 1) * samples);
    if (own.every(score => score === own[0])) flat += 1;
  }
  return flat / groups;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, value) => Math.max(most, value), 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

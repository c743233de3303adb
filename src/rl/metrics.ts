/** From numbers of rollouts and of optimiser steps to the metrics of an update, under TRL's names (src/run/metrics.ts says how to read them). */
import { klK3 } from './kl.ts';
import { rowSums, tokenCount } from './mask.ts';
import type { LossParts } from './surrogate.ts';
import { moments } from './whiten.ts';

export interface RolloutNumbers {
  readonly mask: Float32Array;
  readonly width: number;
  readonly logProbs: Float32Array;
  /** The sampler's own, before the trainer's kernels recomputed them. */
  readonly samplerLogProbs: Float32Array;
  readonly referenceLogProbs: Float32Array;
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

/** Metrics `objective/*`, `completions/*`, `val/num_eos_tokens`, `sampling/*`, `frac_reward_zero_std`. */
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
    'objective/scores': mean(scores),
    'objective/kl_coef': klCoefficient,
    'val/num_eos_tokens': ended,
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

/** Where the KL is a part of the reward: `objective/non_score_reward` and `objective/rlhf_reward`. Scores and KL are of texts. */
export function rewardMetrics(
  scores: readonly number[],
  kl: Float64Array,
  klCoefficient: number,
): Record<string, number> {
  const price = klCoefficient * mean([...kl]);
  return { 'objective/non_score_reward': -price, 'objective/rlhf_reward': mean(scores) - price };
}

/** An optimiser step's own numbers: what every loss has, and what its own has beside. */
export type StepParts = LossParts<number> & Readonly<Record<string, number>>;

/** Micro-batches of one step -> the step's parts: everything adds up, but for the largest ratio error. */
export function stepParts(micro: readonly Readonly<Record<string, number>>[]): StepParts {
  const whole = (name: string) => {
    const values = micro.map(part => part[name]!);
    return name === 'ratio_error' ? largest(values) : sum(values);
  };
  return Object.fromEntries(Object.keys(micro[0]!).map(name => [name, whole(name)])) as StepParts;
}

/** Part of a loss -> the metric that it is shown as. */
const SHOWN: Readonly<Record<string, string>> = {
  approx_kl: 'policy/approxkl_avg',
  clip_fraction: 'policy/clipfrac_avg',
  entropy: 'policy/entropy_avg',
  policy_loss: 'loss/policy_avg',
  value_loss: 'loss/value_avg',
  kl_loss: 'loss/kl_avg',
  ratio: 'val/ratio',
  value_clip_fraction: 'val/clipfrac_avg',
};

/** The steps of one update -> its metrics: means over steps of what their loss has, and the variance of the ratio over them. */
export function stepMetrics(steps: readonly StepParts[]): Record<string, number> {
  const parts = Object.entries(SHOWN).filter(([part]) => part in steps[0]!);
  const ratios = Float32Array.from(steps, step => step.ratio);
  return {
    ...Object.fromEntries(parts.map(([part, metric]) => [metric, mean(steps.map(step => step[part]!))])),
    'val/ratio_var': moments(
      ratios,
      ratios.map(() => 1),
    ).variance,
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

/**
 * What sets the algorithms apart before the loss: what each token, or text, of an update's rollouts is credited with.
 *
 * - ppo: the value head says what was to be expected (gae.ts); the KL is a price in the reward of every token.
 * - grpo: the problem's other texts say it (groupAdvantages.ts); the KL is in the loss.
 * - rloo: they do too, and a text is one action, with the KL of all its tokens in its reward.
 */
import { gather } from '../tensor/rows.ts';
import type { TrainConfig } from './config.ts';
import { gae } from './gae.ts';
import { grpoAdvantages, rlooAdvantages } from './groupAdvantages.ts';
import { rowSums } from './mask.ts';
import { rewardMetrics } from './metrics.ts';
import type { Objective } from './ppoTask.ts';
import { tokenRewards } from './rewards.ts';
import type { Rollouts } from './rollouts.ts';
import { explainedVariance, whiten } from './whiten.ts';

export interface Credit {
  /** Metrics that have a meaning for this algorithm only. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What the gradient task is given of these texts. */
  of(texts: readonly number[]): Objective;
}

export interface Earned {
  readonly rollouts: Rollouts;
  /** One per text. */
  readonly scores: readonly number[];
  /** Per token, k1 (kl.ts). */
  readonly kl: Float32Array;
  readonly klCoefficient: number;
}

type Settings = TrainConfig['ppo'];

export function creditOf(earned: Earned, settings: Settings): Credit {
  return CREDIT[settings.algorithm](earned, settings);
}

const CREDIT: Readonly<Record<Settings['algorithm'], (earned: Earned, settings: Settings) => Credit>> = {
  ppo({ rollouts, scores, kl, klCoefficient }, settings) {
    const { mask, width, values } = rollouts;
    const { gamma, lambda, value_clip: valueClip, value_coef: valueCoefficient } = settings;
    const rewards = tokenRewards({ scores, kl, klCoefficient, mask, width });
    const { advantages, returns } = gae({ rewards, values, mask, width, gamma, lambda });
    const shown = settings.whiten_advantages ? whiten(advantages, mask) : advantages;
    const weights = truncated(samplerRatios(rollouts));
    return {
      metrics: {
        ...rewardMetrics(scores, rowSums(kl, mask, width), klCoefficient),
        'losses/explained_variance': explainedVariance(values, returns, mask),
      },
      of: texts => ({
        algorithm: 'ppo',
        advantages: gather(shown, texts, width),
        weights: gather(weights, texts, width),
        oldValues: gather(values, texts, width),
        returns: gather(returns, texts, width),
        valueClip,
        valueCoefficient,
      }),
    };
  },

  grpo({ rollouts, scores, klCoefficient }, { samples_per_problem: samples }) {
    const { mask, width, referenceLogProbs } = rollouts;
    const ofTexts = grpoAdvantages(scores, samples);
    const advantages = mask.map((m, i) => m * ofTexts[Math.floor(i / width)]!);
    const weights = truncated(samplerRatios(rollouts));
    return {
      metrics: {},
      of: texts => ({
        algorithm: 'grpo',
        advantages: gather(advantages, texts, width),
        weights: gather(weights, texts, width),
        referenceLogProbs: gather(referenceLogProbs, texts, width),
        klCoefficient,
      }),
    };
  },

  rloo({ rollouts, scores, kl, klCoefficient }, { samples_per_problem: samples }) {
    const { mask, width } = rollouts;
    const klOfTexts = rowSums(kl, mask, width);
    const rewards = scores.map((score, text) => score - klCoefficient * klOfTexts[text]!);
    const advantages = rlooAdvantages(rewards, samples);
    const weights = truncated(rowSums(samplerRatios(rollouts), mask, width));
    return {
      metrics: rewardMetrics(scores, klOfTexts, klCoefficient),
      of: texts => ({
        algorithm: 'rloo',
        advantages: gather(advantages, texts, 1),
        weights: gather(weights, texts, 1),
      }),
    };
  },
};

/** log of the old policy's probability over the sampler's, per token: the two compute the same distribution with different kernels. */
function samplerRatios({ logProbs, samplerLogProbs }: Rollouts): Float64Array {
  return Float64Array.from(logProbs, (logProb, i) => logProb - samplerLogProbs[i]!);
}

/** Importance weights from their logarithms: truncated importance sampling (Ionides 2008); the cap is TRL's. */
function truncated(logWeights: Float64Array): Float32Array {
  return Float32Array.from(logWeights, x => Math.min(LARGEST_WEIGHT, Math.exp(x)));
}
const LARGEST_WEIGHT = 2;

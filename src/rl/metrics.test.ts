import { describe, expect, it } from 'vitest';
import { metricRow } from '../run/metrics.ts';
import { responseMask } from './mask.ts';
import { rewardMetrics, rolloutMetrics, stepMetrics, stepParts, termMetrics } from './metrics.ts';

const width = 3;
const mask = responseMask([3, 1, 2, 2], width);
const tokens = (f: (i: number) => number) => mask.map((m, i) => (m === 0 ? Number.NaN : f(i)));
const rollouts = {
  mask,
  width,
  logProbs: tokens(() => -1),
  samplerLogProbs: tokens(i => (i === 0 ? -1.5 : -1)),
  referenceLogProbs: tokens(() => -1.5),
  kl: mask.map(m => 0.5 * m),
  klCoefficient: 0.1,
  scores: [1, 1, 0, 1],
  ended: [0, 1, 1, 1],
  samples: 2,
};

const SHARED = ['loss', 'policy_loss', 'entropy', 'approx_kl', 'clip_fraction', 'ratio', 'ratio_error'];
const parts = (value: number, own: readonly string[] = []) =>
  Object.fromEntries([...SHARED, ...own].map(name => [name, value]));

describe('rolloutMetrics', () => {
  const metrics = rolloutMetrics(rollouts);

  it('averages over texts and reads nothing at padding', () => {
    expect(metrics).toMatchObject({
      'objective/kl': 1,
      'objective/entropy': 2,
      'objective/scores': 0.75,
      'objective/kl_coef': 0.1,
      'completions/mean_length': 2,
      'completions/max_length': 3,
      'completions/clipped_ratio': 0.25,
      'val/num_eos_tokens': 3,
      frac_reward_zero_std: 0.5,
      'sampling/sampling_logp_difference/max': 0.5,
    });
    expect(metrics['sampling/sampling_logp_difference/mean']).toBeCloseTo(0.5 / 8, 6);
    expect(metrics['objective/kl_k3']).toBeCloseTo(2 * (Math.exp(-0.5) - 1 + 0.5), 6);
  });

  it('uses names that the table of metrics explains', () => {
    const own = ['value_loss', 'value_clip_fraction', 'kl_loss'];
    const steps = stepMetrics([stepParts([parts(1, own)])]);
    const terms = termMetrics([{ similarity: 1 }, { similarity: 3 }]);
    expect(terms).toEqual({ 'rewards/similarity/mean': 2, 'rewards/similarity/std': Math.SQRT2 });
    for (const name of Object.keys({
      ...metrics,
      ...steps,
      ...rewardMetrics([1], Float64Array.of(1), 0.1),
      ...terms,
    })) {
      expect(metricRow(name), name).toBeDefined();
    }
  });
});

it('rewardMetrics takes the KL of a text off its score', () => {
  expect(rewardMetrics([1, 0.5], Float64Array.of(2, 0), 0.25)).toEqual({
    'objective/non_score_reward': -0.25,
    'objective/rlhf_reward': 0.5,
  });
});

describe('step metrics', () => {
  it('add micro-batches, average steps, and take the variance of the ratio over steps', () => {
    const steps = [
      stepParts([
        { ...parts(0.25), ratio_error: 0.01 },
        { ...parts(0.5), ratio_error: 0.4 },
      ]),
      stepParts([parts(1.25)]),
    ];
    expect(steps[0]).toMatchObject({ loss: 0.75, ratio: 0.75, ratio_error: 0.4 });
    expect(stepMetrics(steps)).toMatchObject({ 'loss/policy_avg': 1, 'val/ratio': 1, 'val/ratio_var': 0.125 });
  });

  it('are those that the loss has: none of values without a value head', () => {
    const ofValues = ['loss/value_avg', 'val/clipfrac_avg'];
    const without = Object.keys(stepMetrics([stepParts([parts(1)])]));
    expect(without).not.toEqual(expect.arrayContaining([expect.stringMatching(/value|val.clipfrac|loss.kl/)]));
    const own = stepMetrics([stepParts([parts(1, ['value_loss', 'value_clip_fraction'])])]);
    expect(
      Object.keys(own)
        .filter(name => !without.includes(name))
        .sort(),
    ).toEqual(ofValues);
  });
});

import { describe, expect, it } from 'vitest';
import { metricRow } from '../run/metrics.ts';
import { responseMask } from './mask.ts';
import { ppoMetrics, rolloutMetrics, stepParts, termMetrics } from './metrics.ts';
import { PPO_PARTS, type PpoParts } from './ppoLoss.ts';

const width = 3;
const mask = responseMask([3, 1, 2, 2], width);
const tokens = (f: (i: number) => number) => mask.map((m, i) => (m === 0 ? Number.NaN : f(i)));
const rollouts = {
  mask,
  width,
  logProbs: tokens(() => -1),
  samplerLogProbs: tokens(i => (i === 0 ? -1.5 : -1)),
  referenceLogProbs: tokens(() => -1.5),
  values: tokens(i => i),
  returns: tokens(i => i),
  kl: mask.map(m => 0.5 * m),
  klCoefficient: 0.1,
  scores: [1, 1, 0, 1],
  ended: [0, 1, 1, 1],
  samples: 2,
};

const parts = (value: number): PpoParts<number> =>
  Object.fromEntries(PPO_PARTS.map(name => [name, value])) as PpoParts<number>;

describe('rolloutMetrics', () => {
  const metrics = rolloutMetrics(rollouts);

  it('averages over texts and reads nothing at padding', () => {
    expect(metrics).toMatchObject({
      'objective/kl': 1,
      'objective/entropy': 2,
      'objective/non_score_reward': -0.1,
      'objective/scores': 0.75,
      'objective/rlhf_reward': 0.65,
      'objective/kl_coef': 0.1,
      'completions/mean_length': 2,
      'completions/max_length': 3,
      'completions/clipped_ratio': 0.25,
      'val/num_eos_tokens': 3,
      'losses/explained_variance': 1,
      frac_reward_zero_std: 0.5,
      'sampling/sampling_logp_difference/max': 0.5,
    });
    expect(metrics['sampling/sampling_logp_difference/mean']).toBeCloseTo(0.5 / 8, 6);
    expect(metrics['objective/kl_k3']).toBeCloseTo(2 * (Math.exp(-0.5) - 1 + 0.5), 6);
  });

  it('uses names that the table of metrics explains', () => {
    const steps = [stepParts([parts(1)])];
    const terms = termMetrics([{ similarity: 1 }, { similarity: 3 }]);
    expect(terms).toEqual({ 'rewards/similarity/mean': 2, 'rewards/similarity/std': Math.SQRT2 });
    for (const name of Object.keys({ ...metrics, ...ppoMetrics(steps), ...terms })) {
      expect(metricRow(name), name).toBeDefined();
    }
  });
});

describe('PPO metrics', () => {
  it('adds micro-batches, averages steps, and takes the variance of the ratio over steps', () => {
    const steps = [
      stepParts([
        { ...parts(0.25), ratio_error: 0.01 },
        { ...parts(0.5), ratio_error: 0.4 },
      ]),
      stepParts([parts(1.25)]),
    ];
    expect(steps[0]).toMatchObject({ loss: 0.75, ratio: 0.75, ratio_error: 0.4 });
    expect(ppoMetrics(steps)).toMatchObject({ 'loss/policy_avg': 1, 'val/ratio': 1, 'val/ratio_var': 0.125 });
  });
});

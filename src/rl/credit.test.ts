import { describe, expect, it } from 'vitest';
import { trainConfigSchema } from './config.ts';
import { creditOf } from './credit.ts';
import { joinRollouts } from './rollouts.ts';

const { ppo: defaults } = trainConfigSchema.parse({ name: 'n', lrm: 'l' });

/** One problem, two texts of 2 and 1 tokens. */
const width = 2;
const tokens = (...values: number[]) => Float32Array.of(...values, 0);
const rollouts = joinRollouts(
  [
    {
      tokens: new Int32Array(4),
      lengths: Int32Array.of(2, 1),
      ended: Uint8Array.of(1, 1),
      texts: ['a b', 'c'],
      scores: [],
      logProbs: tokens(-1, -2, -3),
      samplerLogProbs: tokens(-1 - Math.log(1.5), -2 - Math.log(1.2), -2),
      referenceLogProbs: tokens(-2, -4, -3),
      entropies: tokens(0, 0, 0),
      values: tokens(0, 0, 0),
    },
  ],
  width,
);
const kl = tokens(1, 2, 0);
const creditBy = (algorithm: 'ppo' | 'grpo' | 'rloo') =>
  creditOf(
    { rollouts, scores: [2, 1], kl, klCoefficient: 0.25 },
    { ...defaults, algorithm, samples_per_problem: 2, gamma: 1, lambda: 1, whiten_advantages: false },
  );

describe('credit', () => {
  it('of ppo goes to each token: its own price, and what follows it', () => {
    const credit = creditBy('ppo');
    const objective = credit.of([0, 1]);
    expect([...objective.advantages]).toEqual([2 - 0.75, 2 - 0.5, 1, 0]);
    expect(objective.weights[0]).toBeCloseTo(1.5, 6);
    expect(objective.weights[1]).toBeCloseTo(1.2, 6);
    expect(credit.metrics).toMatchObject({ 'objective/non_score_reward': -0.375, 'objective/rlhf_reward': 1.125 });
  });

  it('of grpo goes to all tokens of a text alike, and knows no KL: that is in the loss', () => {
    const credit = creditBy('grpo');
    const objective = credit.of([1, 0]);
    const one = Math.fround(0.5 / (Math.SQRT1_2 + 1e-4));
    expect([...objective.advantages]).toEqual([-one, -0, one, one]);
    expect(objective).toMatchObject({ klCoefficient: 0.25, referenceLogProbs: Float32Array.of(-3, 0, -2, -4) });
    expect(credit.metrics).toEqual({});
  });

  it('of rloo goes to texts: score and KL of all tokens, weighed by the probability of the whole, up to the cap', () => {
    const credit = creditBy('rloo');
    const objective = credit.of([0, 1]);
    expect([...objective.advantages]).toEqual([0.25, -0.25]);
    expect(objective.weights[0]).toBeCloseTo(1.8, 6);
    expect(objective.weights[1]).toBeCloseTo(Math.exp(-1), 6);
    expect(creditBy('rloo').of([1]).weights).toHaveLength(1);
    expect(credit.metrics).toEqual({ 'objective/non_score_reward': -0.375, 'objective/rlhf_reward': 1.125 });
  });
});

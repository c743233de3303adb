import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLearner } from '../lm/learner.ts';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { dependsOnMachine, metricRow } from '../run/metrics.ts';
import { isStuck } from '../run/skips.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createPool } from '../tensor/pool.ts';
import { digitTraining, trainDigits } from './digit.fixture.ts';
import { joinRollouts, type PpoUpdate } from './ppo.ts';

beforeAll(async () => {
  await useDevice('onnx');
});
afterAll(closeEngine);

const numbers = ({ metrics }: PpoUpdate) =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !dependsOnMachine(name)));

describe('PPO', () => {
  it('learns to write the digit that it is shown, and to stop', async () => {
    const training = digitTraining(inlinePool());
    const updates = await trainDigits(training, 100);
    const scores = updates.map(update => update.metrics['objective/scores']!);
    expect(scores[0]).toBeLessThan(0.3);
    expect((scores.at(-1)! + scores.at(-2)! + scores.at(-3)!) / 3).toBeGreaterThan(0.9);
    const last = updates.at(-1)!;
    expect(last.metrics['losses/explained_variance']).toBeGreaterThan(-1);
    expect(last.metrics['completions/mean_length']).toBeLessThan(2.3);
    const right = last.rollouts.texts.filter((text, row) => {
      const target = last.problems.targets[Math.floor(row / 4)] as { digit: number };
      return text === String(target.digit);
    });
    expect(right.length / last.rollouts.texts.length).toBeGreaterThan(0.85);
  });

  it('begins with a ratio of 1 and no KL, and names its metrics as the table does', async () => {
    const [first] = await trainDigits(digitTraining(inlinePool()), 40, 1);
    const { metrics } = first!;
    expect(metrics['selfcheck/ratio_error']).toBeLessThan(1e-4);
    expect(metrics['selfcheck/kl']).toBe(0);
    expect(metrics['sampling/sampling_logp_difference/max']).toBeLessThan(1e-4);
    expect(metrics['rewards/begins/mean']! + metrics['rewards/exact/mean']!).toBeCloseTo(
      2 * metrics['objective/scores']!,
      5,
    );
    for (const name of Object.keys(metrics)) expect(metricRow(name), name).toBeDefined();
  });

  it('gives the same numbers and the same policy with 1 and 2 workers', async () => {
    const runs = [];
    for (const workers of [1, 2]) {
      const pool = createPool({ workers, device: 'onnx' });
      const training = digitTraining(pool, { problems_per_update: 32, rollout_chunk: 32, micro_batch_size: 16 });
      const updates = await trainDigits(training, 40, 3);
      runs.push({
        numbers: updates.map(numbers),
        texts: updates.at(-1)!.rollouts.texts,
        end: training.ppo.learner.state(),
      });
      await pool.close();
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  it('goes on from learner and state as if it had never stopped', async () => {
    const whole = digitTraining(inlinePool(), { kl: { coef: 0.1, adaptive: { target: 0.5, horizon: 500 } } });
    const updates = await trainDigits(whole, 40, 4);
    const half = digitTraining(inlinePool(), whole.ppo.settings);
    await trainDigits(half, 40, 2);
    const { params, ...state } = half.ppo.learner.state();
    const learner = createLearner({ pool: half.ppo.pool, id: 'resumed', params, optimizer: { maxGradNorm: 1 }, state });
    const resumed = { ppo: { ...half.ppo, learner }, state: { ...half.state } };
    expect((await trainDigits(resumed, 40, 4)).map(numbers)).toEqual(updates.slice(2).map(numbers));
    expect(resumed.state).toEqual(whole.state);
    expect(learner.state()).toEqual(whole.ppo.learner.state());
    expect(whole.state.klCoefficient).not.toBe(0.1);
  });

  it('ends the epochs of an update once it has gone too far', async () => {
    const training = digitTraining(inlinePool(), { target_kl: 1e-9 });
    await trainDigits(training, 40, 1);
    expect(training.ppo.learner.updates).toBe(2);
  });

  it('changes nothing where loss or gradient is not finite, and ends an update after three times in a row', async () => {
    const training = digitTraining(inlinePool());
    const { params } = training.ppo.learner.state();
    params[params.length - 1] = Number.NaN;
    const learner = createLearner({ pool: training.ppo.pool, id: 'broken', params });
    const broken = { ppo: { ...training.ppo, learner }, state: training.state };
    const [update] = await trainDigits(broken, 40, 1);
    expect(learner.state().params).toEqual(params);
    expect(learner.updates).toBe(0);
    expect(training.state).toMatchObject({ update: 1, skipped: 3, skippedInRow: 3 });
    expect(update!.metrics.skipped_updates).toBe(3);
    expect(isStuck(training.state)).toBe(true);
  });
});

it('chunks of rollouts are joined in their order', () => {
  const chunk = (from: number) => ({
    tokens: Int32Array.of(from, from + 1, from + 2, from + 3),
    lengths: Int32Array.of(2, 1),
    ended: Uint8Array.of(0, 1),
    texts: [`${from}`, `${from + 2}`],
    scores: [
      { reward: from, terms: {} },
      { reward: from + 2, terms: {} },
    ],
    samplerLogProbs: new Float32Array(4).fill(from),
    logProbs: new Float32Array(4).fill(from),
    referenceLogProbs: new Float32Array(4).fill(from),
    entropies: new Float32Array(4).fill(from),
    values: Float32Array.of(from, from + 1, from + 2, from + 3),
  });
  const joined = joinRollouts([chunk(0), chunk(4)], 2);
  expect([...joined.tokens]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([...joined.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(joined.texts).toEqual(['0', '2', '4', '6']);
  expect(joined.scores.map(score => score.reward)).toEqual([0, 2, 4, 6]);
  expect([...joined.mask]).toEqual([1, 1, 1, 0, 1, 1, 1, 0]);
});

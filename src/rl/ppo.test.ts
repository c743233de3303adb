import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLearner } from '../lm/learner.ts';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { dependsOnMachine, metricRow } from '../run/metrics.ts';
import { isStuck } from '../run/skips.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createPool } from '../tensor/pool.ts';
import { digitTraining, trainDigits } from './digit.fixture.ts';
import type { PpoUpdate } from './ppo.ts';

beforeAll(async () => {
  await useDevice('onnx');
});
afterAll(closeEngine);

const ALGORITHMS = ['ppo', 'grpo', 'rloo'] as const;
/** Of the metrics that not all algorithms have. */
const OWN_METRICS = {
  ppo: ['losses/explained_variance', 'loss/value_avg', 'objective/rlhf_reward'],
  grpo: ['loss/kl_avg'],
  rloo: ['objective/rlhf_reward'],
};

const numbers = ({ metrics }: PpoUpdate) =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !dependsOnMachine(name)));

describe.each(ALGORITHMS)('%s', algorithm => {
  it('learns to write the digit that it is shown, and to stop', async () => {
    const groups = { samples_per_problem: 8, minibatch_size: 128, micro_batch_size: 64 };
    const updates = await trainDigits(digitTraining(inlinePool(), { algorithm, ...groups }), 80);
    const scores = updates.map(update => update.metrics['objective/scores']!);
    expect(scores[0]).toBeLessThan(0.3);
    expect((scores.at(-1)! + scores.at(-2)! + scores.at(-3)!) / 3).toBeGreaterThan(0.9);
    const last = updates.at(-1)!;
    expect(last.metrics['completions/mean_length']).toBeLessThan(2.3);
    const right = last.rollouts.texts.filter((text, row) => {
      const target = last.problems.targets[Math.floor(row / 8)] as { digit: number };
      return text === String(target.digit);
    });
    expect(right.length / last.rollouts.texts.length).toBeGreaterThan(0.85);
  });

  it('begins with a ratio of 1 and no KL, and names its metrics as the table does', async () => {
    const [first] = await trainDigits(digitTraining(inlinePool(), { algorithm }), 40, 1);
    const { metrics } = first!;
    expect(metrics['selfcheck/ratio_error']).toBeLessThan(1e-4);
    expect(metrics['selfcheck/kl']).toBe(0);
    expect(metrics['sampling/sampling_logp_difference/max']).toBeLessThan(1e-4);
    expect(metrics['rewards/begins/mean']! + metrics['rewards/exact/mean']!).toBeCloseTo(
      2 * metrics['objective/scores']!,
      5,
    );
    for (const name of Object.keys(metrics)) expect(metricRow(name), name).toBeDefined();
    const own = ['losses/explained_variance', 'loss/value_avg', 'loss/kl_avg', 'objective/rlhf_reward'];
    expect(own.filter(name => name in metrics)).toEqual(OWN_METRICS[algorithm]);
  });

  it('goes on from learner and state as if it had never stopped', async () => {
    const kl = { coef: 0.1, adaptive: { target: 0.5, horizon: 500 } };
    const whole = digitTraining(inlinePool(), { algorithm, kl });
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

  it('stays nearer to the reference where that is dear', async () => {
    const [free, dear] = await Promise.all(
      [0, 3].map(
        async coef => (await trainDigits(digitTraining(inlinePool(), { algorithm, kl: { coef } }), 12)).at(-1)!,
      ),
    );
    expect(dear!.metrics['objective/kl_k3']).toBeLessThan(free!.metrics['objective/kl_k3']! / 2);
  });
});

describe('an update', () => {
  it('gives the same numbers and the same policy with 1 and 2 workers', async () => {
    const runs = [];
    for (const workers of [1, 2]) {
      const pool = createPool({ workers, device: 'onnx' });
      const ends = [];
      for (const algorithm of ALGORITHMS) {
        const training = digitTraining(pool, { algorithm, rollout_chunk: 32, micro_batch_size: 16 });
        const updates = await trainDigits(training, 40, 3);
        const { texts } = updates.at(-1)!.rollouts;
        ends.push({ numbers: updates.map(numbers), texts, end: training.ppo.learner.state() });
      }
      runs.push(ends);
      await pool.close();
    }
    expect(runs[1]).toEqual(runs[0]);
  });
  it('ends its epochs once it has gone too far', async () => {
    const training = digitTraining(inlinePool(), { target_kl: 1e-9 });
    await trainDigits(training, 40, 1);
    expect(training.ppo.learner.updates).toBe(2);
  });

  it('changes nothing where loss or gradient is not finite, and ends after three times in a row', async () => {
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

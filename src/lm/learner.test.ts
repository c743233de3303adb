import { afterAll, describe, expect, it } from 'vitest';
import { createPool } from '../tensor/pool.ts';
import { type RegressionInput, shape, tasks } from './learner.fixture.ts';
import { createLearner, type Learner } from './learner.ts';

const one = createPool({ workers: 1, device: 'onnx' });
const two = createPool({ workers: 2, device: 'onnx' });
afterAll(() => Promise.all([one.close(), two.close()]));

const start = Float32Array.from({ length: shape.size }, (_, i) => Math.sin(i + 1) / 3);
const optimizer = { weightDecay: 0.01, maxGradNorm: 1 };

/** Four micro-batches of different sizes; on two workers the first is the last to arrive. */
function inputs(step: number): Omit<RegressionInput, 'params'>[] {
  const sizes = [2, 5, 1, 4];
  return sizes.map((rows, k) => ({
    x: Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(7 * step + 3 * k + i)),
    y: Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(5 * step + 2 * k + i)),
    total: 12,
    ...(k === 0 && { pauseMs: 15 }),
  }));
}

async function train(learner: Learner, from: number, to: number) {
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    const result = await learner.step({ task: tasks.regression, inputs: inputs(step) }, { lr: 0.05 });
    losses.push(result.metrics.reduce((sum, metrics) => sum + metrics.loss!, 0));
  }
  return losses;
}

describe('learner', () => {
  it('gives bitwise equal parameters with 1 and 2 workers, and learns', async () => {
    const a = createLearner({ pool: one, id: 'a', params: start, optimizer });
    const b = createLearner({ pool: two, id: 'a', params: start, optimizer });
    const losses = await train(a, 0, 6);
    expect(await train(b, 0, 6)).toEqual(losses);
    expect(b.state()).toEqual(a.state());
    expect(a.params.version).toBe(6);
    expect(losses[5]).toBeLessThan(losses[0]!);
  });

  it('sums to the gradient of the whole batch', async () => {
    const whole = createLearner({ pool: one, id: 'whole', params: start });
    const parts = createLearner({ pool: two, id: 'parts', params: start });
    const micro = inputs(0);
    const join = (key: 'x' | 'y') => Float32Array.from(micro.flatMap(input => [...input[key]]));
    const batch = [{ x: join('x'), y: join('y'), total: 12 }];
    const a = await whole.step({ task: tasks.regression, inputs: batch }, { lr: 0.05 });
    const b = await parts.step({ task: tasks.regression, inputs: micro }, { lr: 0.05 });
    expect(b.gradNorm).toBeCloseTo(a.gradNorm, 5);
    parts.params.data.forEach((x, i) => {
      expect(x).toBeCloseTo(whole.params.data[i]!, 5);
    });
  });

  it('takes gradients whose parts share a buffer', async () => {
    const apart = createLearner({ pool: two, id: 'apart', params: start, optimizer });
    await train(apart, 0, 1);
    const together = createLearner({ pool: two, id: 'together', params: start, optimizer });
    await together.step({ task: tasks.inOneBuffer, inputs: inputs(0) }, { lr: 0.05 });
    expect(together.state()).toEqual(apart.state());
  });

  it('continues bitwise equally from a saved state', async () => {
    const straight = createLearner({ pool: two, id: 'straight', params: start, optimizer });
    await train(straight, 0, 3);
    const saved = straight.state();
    await train(straight, 3, 6);
    const resumed = createLearner({ pool: one, id: 'resumed', params: saved.params, state: saved, optimizer });
    expect(resumed.params.version).toBe(3);
    await train(resumed, 3, 6);
    expect(resumed.state()).toEqual(straight.state());
  });

  it('changes nothing on a gradient or a loss that is not finite', async () => {
    const learner = createLearner({ pool: two, id: 'guarded', params: start, optimizer });
    await train(learner, 0, 2);
    const before = learner.state();
    const bad = inputs(2);
    bad[1]!.x[0] = Number.NaN;
    const gradient = await learner.step({ task: tasks.regression, inputs: bad }, { lr: 0.05 });
    expect(gradient.skipped).toBe(true);
    const huge = inputs(2);
    huge[1]!.x.fill(1e30);
    expect((await learner.step({ task: tasks.regression, inputs: huge }, { lr: 0.05 })).skipped).toBe(true);
    const loss = await learner.step({ task: tasks.infiniteLoss, inputs: inputs(2) }, { lr: 0.05 });
    expect(loss).toMatchObject({ skipped: true, gradNorm: Number.NaN });
    expect(learner.state()).toEqual(before);
    const reference = createLearner({ pool: one, id: 'reference', params: start, optimizer });
    await train(reference, 0, 3);
    await train(learner, 2, 3);
    expect(learner.state()).toEqual(reference.state());
  });

  it('survives a failed or aborted step unchanged', async () => {
    const learner = createLearner({ pool: two, id: 'failing', params: start });
    const micro = { task: tasks.failing, inputs: inputs(0) };
    await expect(learner.step(micro, { lr: 0.1 })).rejects.toThrow('no gradient today');
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(learner.step({ task: tasks.regression, inputs: inputs(0) }, { lr: 0.1, signal })).rejects.toThrow(
      'stop',
    );
    expect(learner.updates).toBe(0);
    expect(learner.params.data).toEqual(start);
    await train(learner, 0, 1);
    expect(learner.updates).toBe(1);
  });

  it('comes to the same numbers when a worker dies under a gradient', async () => {
    const straight = createLearner({ pool: one, id: 'straight', params: start, optimizer });
    await train(straight, 0, 1);
    const learner = createLearner({ pool: two, id: 'losing', params: start, optimizer });
    const [first, ...rest] = inputs(0);
    const doomed = { ...first!, dies: new SharedArrayBuffer(4) };
    await learner.step({ task: tasks.regression, inputs: [doomed, ...rest] }, { lr: 0.05 });
    expect(new Int32Array(doomed.dies)[0]).toBe(2);
    expect(learner.state()).toEqual(straight.state());
  });

  it('takes one step at a time and refuses a foreign state', async () => {
    const learner = createLearner({ pool: one, id: 'single', params: start });
    const first = train(learner, 0, 1);
    await expect(train(learner, 0, 1)).rejects.toThrow(/one step/);
    await first;
    const state = { m: new Float32Array(3), v: new Float32Array(3), updates: 1 };
    expect(() => createLearner({ pool: one, id: 'x', params: start, state })).toThrow(/another model/);
  });
});

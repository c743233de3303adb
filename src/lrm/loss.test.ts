import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostView, hostViews } from '../lm/parameters.ts';
import { viewWeights } from '../lm/weights.ts';
import { stream } from '../run/random.ts';
import { closeEngine, compile, type Host, type tf, useDevice } from '../tensor/index.ts';
import { createShared } from '../tensor/shared.ts';
import { codiBatches } from './batches.ts';
import { lrmLayout } from './codi.ts';
import type { Lrm } from './folder.ts';
import { lrmGradient } from './gradientTask.ts';
import { type CodiBatch, codiLoss } from './loss.ts';
import { tinyLrm, tinyParameters, world } from './tiny.fixture.ts';

const options = { student: true, answerWeight: 0.5 };
let lrm: Lrm;
let pause: Lrm;
beforeAll(async () => {
  await useDevice('cpu');
  lrm = await tinyLrm();
  pause = await tinyLrm(undefined, { latentInputs: 'pause' });
});
afterAll(closeEngine);

const rng = stream(1, 'loss');
const problems = [2, 1, 3].map(steps => world.generator('train', rng, steps));
const batches = (microBatch: number, distillWeight: number) =>
  codiBatches(problems, world, lrm.spec, lrm.tokenizer, { microBatch, distillWeight });

async function gradient(params: Float32Array, batch: Host<CodiBatch>, settings = options, { spec } = lrm) {
  const input = { params: createShared('p', params), spec, options: settings, batch };
  const { gradient: parts, metrics } = await lrmGradient(input);
  return { gradient: Float32Array.from(parts.flatMap(part => [...part])), metrics };
}

async function loss(params: Float32Array, batch: Host<CodiBatch>, { spec }: Lrm): Promise<number> {
  const value = compile('loss', (x: { params: Record<string, tf.Tensor>; batch: CodiBatch }) => ({
    loss: codiLoss(spec, viewWeights(x.params), x.batch, options).loss,
  }));
  return (await value({ params: hostViews(lrmLayout(spec), params), batch })).loss.data[0]!;
}

/** Derivative along `direction` by differences, and by the gradient. */
async function derivatives(batch: Host<CodiBatch>, keep: (name: string) => boolean, of = lrm) {
  const params = tinyParameters(of.spec);
  const { gradient: g } = await gradient(params, batch, options, of);
  const direction = new Float32Array(g.length);
  for (const { name, shape, offset } of lrmLayout(of.spec).entries) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (keep(name)) direction.set(g.subarray(offset, offset + size), offset);
  }
  const norm = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
  const step = 3e-3 / norm;
  const at = (sign: number) =>
    loss(
      params.map((x, i) => x + sign * step * direction[i]!),
      batch,
      of,
    );
  return { byDifference: ((await at(1)) - (await at(-1))) / 6e-3, byGradient: norm };
}

describe("CODI's loss", () => {
  it('has the gradient that differences give, for every parameter that the answers depend on', async () => {
    const [batch] = batches(3, 0);
    for (const part of ['prj.', 'model.embed_tokens', 'model.layers.']) {
      const { byDifference, byGradient } = await derivatives(batch!, name => name.startsWith(part));
      expect(byGradient, part).toBeGreaterThan(1e-3);
      expect(byDifference / byGradient, part).toBeCloseTo(1, 2);
    }
  });

  it('has it for pause embeddings, each of which the answers depend on', async () => {
    const [batch] = batches(3, 0);
    const { byDifference, byGradient } = await derivatives(batch!, name => name === 'pause.weight', pause);
    expect(byGradient).toBeGreaterThan(1e-3);
    expect(byDifference / byGradient).toBeCloseTo(1, 2);
    const { gradient: whole } = await gradient(tinyParameters(pause.spec), batch!, options, pause);
    const learned = hostView(lrmLayout(pause.spec), whole, 'pause.weight');
    const d = pause.spec.model.hiddenSize;
    for (let k = 0; k < pause.spec.latents; k++)
      expect(
        learned.subarray(k * d, (k + 1) * d).every(x => x !== 0),
        `step ${k + 1}`,
      ).toBe(true);
  });

  it('has it with distillation too, where the teacher does not depend on the parameter', async () => {
    const [plain] = batches(3, 0);
    const [distilled] = batches(3, 20);
    const { byDifference, byGradient } = await derivatives(distilled!, name => name.startsWith('prj.'));
    expect(byDifference / byGradient).toBeCloseTo(1, 2);
    const without = await derivatives(plain!, name => name.startsWith('prj.'));
    expect(Math.abs(byGradient - without.byGradient)).toBeGreaterThan(0.01);
  });

  it('is the teacher’s cross-entropy alone where the student does not train: the projection gets no gradient', async () => {
    const params = tinyParameters(lrm.spec);
    const [batch] = batches(3, 20);
    const alone = await gradient(params, batch!, { ...options, student: false });
    const whole = await gradient(params, batch!);
    expect(alone.metrics['lrm/loss']).toBeCloseTo(whole.metrics['lrm/ce_teacher']!, 5);
    const projection = lrmLayout(lrm.spec).entries.filter(entry => entry.name.startsWith('prj.'));
    const part = (g: Float32Array) => g.subarray(projection[0]!.offset, projection.at(-1)!.offset);
    expect(part(alone.gradient).every(x => x === 0)).toBe(true);
    expect(part(whole.gradient).some(x => x !== 0)).toBe(true);
  });

  it('of micro-batches sums to that of the batch, and so do gradients and metrics', async () => {
    const params = tinyParameters(lrm.spec);
    const [whole] = batches(3, 0);
    const all = await gradient(params, whole!);
    const parts: Awaited<ReturnType<typeof gradient>>[] = [];
    for (const batch of batches(1, 0)) parts.push(await gradient(params, batch));
    const sum = (pick: (part: (typeof parts)[number]) => number) =>
      parts.reduce((total, part) => total + pick(part), 0);
    for (const name of ['lrm/loss', 'lrm/ce_teacher', 'lrm/ce_student', 'lrm/answer_probability'] as const)
      expect(
        sum(part => part.metrics[name]!),
        name,
      ).toBeCloseTo(all.metrics[name]!, 5);
    for (let i = 0; i < all.gradient.length; i += 17)
      expect(sum(part => part.gradient[i]!)).toBeCloseTo(all.gradient[i]!, 4);
  });

  it('is larger by γ times the distance', async () => {
    const params = tinyParameters(lrm.spec);
    const [[without], [with3]] = [batches(3, 0), batches(3, 3)];
    const [a, b] = [await gradient(params, without!), await gradient(params, with3!)];
    const distance = b.metrics['lrm/distill']!;
    expect(distance).toBeGreaterThan(0.01);
    expect(b.metrics['lrm/loss']! - a.metrics['lrm/loss']!).toBeCloseTo(3 * distance, 4);
  });
});

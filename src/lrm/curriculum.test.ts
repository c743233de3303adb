import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import { type LrmConfig, lrmConfigSchema } from './config.ts';
import { type CurriculumState, distillWeight, initialParameters, learningRate, runCurriculum } from './curriculum.ts';
import type { Lrm } from './folder.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

let lrm: Lrm;
beforeAll(async () => {
  await useDevice('onnx');
  lrm = await tinyLrm();
});
afterAll(closeEngine);

const config: LrmConfig = lrmConfigSchema(z.unknown()).parse({
  name: 'tiny',
  world: {},
  seed: 5,
  batch_size: 4,
  micro_batch_size: 2,
  stages: [
    { name: 'A', steps: 2, warmup: 1, student: false, mix: { 1: 1 } },
    { name: 'B', steps: 3, warmup: 1, mix: { 1: 0.5, 2: 0.5 } },
  ],
});
const [stageA, stageB] = config.stages;

describe('schedules', () => {
  const stage = { ...stageB!, steps: 100, warmup: 10, lr: 0.01, min_lr_ratio: 0.1 };

  it('the learning rate rises in a line, then falls as a cosine to its floor', () => {
    const rates = Array.from({ length: 100 }, (_, step) => learningRate(stage, step));
    expect(rates[0]).toBeCloseTo(0.001, 5);
    const top = rates.indexOf(Math.max(...rates));
    expect(top).toBe(9);
    for (let i = 1; i <= top; i++) expect(rates[i]).toBeGreaterThan(rates[i - 1]!);
    for (let i = top + 1; i < 100; i++) expect(rates[i]).toBeLessThan(rates[i - 1]!);
    expect(rates[50]).toBeCloseTo(0.01 * 0.55, 6);
    expect(rates[99]).toBeGreaterThanOrEqual(0.001);
    expect(rates[99]).toBeLessThan(0.00102);
    expect(learningRate({ ...stage, warmup: 0 }, 0)).toBe(0.01);
  });

  it('distillation is ramped in where the stage says so', () => {
    expect(distillWeight(stage, 0)).toBe(20);
    const ramped = { ...stage, distill_ramp: { from: 10, to: 20 } };
    expect([0, 10, 15, 20, 90].map(step => distillWeight(ramped, step))).toEqual([0, 0, 10, 20, 20]);
  });
});

it('the first parameters have unit norms, and a projection as small as an embedding', () => {
  const { spec } = lrm;
  const params = initialParameters(spec, config);
  const part = (name: string) => {
    const { offset, shape } = lrmLayout(spec).entries.find(entry => entry.name === name)!;
    return params.slice(offset, offset + shape.reduce((a, b) => a * b, 1));
  };
  expect([...part('model.norm.weight')].every(x => x === 1)).toBe(true);
  expect([...part('prj.ln.weight')].every(x => x === Math.fround(config.model.embedding_std))).toBe(true);
  expect([...part('prj.1.bias')].every(x => x === 0)).toBe(true);
  const deviation = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
  expect(deviation(part('model.embed_tokens.weight'))).toBeCloseTo(config.model.embedding_std, 2);
  expect(initialParameters(spec, config)).toEqual(params);
  expect(initialParameters(spec, { ...config, seed: 6 })).not.toEqual(params);
});

describe('the loop', () => {
  interface Kept {
    readonly states: CurriculumState[];
    readonly numbers: (readonly [string, number, number, number])[];
    readonly end: CurriculumState;
  }
  async function run(
    from?: CurriculumState,
    stopAfter = Number.POSITIVE_INFINITY,
    spec: LrmSpec = lrm.spec,
  ): Promise<Kept> {
    const states: CurriculumState[] = [];
    const numbers: Kept['numbers'] = [];
    const stop = new AbortController();
    const { tokenizer } = lrm;
    const end = await runCurriculum({
      config,
      world,
      spec,
      tokenizer,
      pool: inlinePool(),
      start: initialParameters(spec, config),
      ...(from && { from }),
      signal: stop.signal,
      async onStep({ stage, step, total, metrics, state }) {
        states.push(state());
        numbers.push([stage.name, step, total, metrics['lrm/loss']!]);
        if (total >= stopAfter) stop.abort();
      },
    });
    return { states, numbers, end };
  }

  it('goes on from any of its states, or from where a signal stopped it, as if it had never stopped', async () => {
    const whole = await run();
    expect(whole.numbers.map(([name, step, total]) => `${name}${step}/${total}`)).toEqual([
      'A1/1',
      'A2/2',
      'B1/3',
      'B2/4',
      'B3/5',
    ]);
    expect(whole.end.stage).toBe(2);
    for (const done of [2, 4]) {
      const rest = await run(whole.states[done - 1]);
      expect(rest.numbers).toEqual(whole.numbers.slice(done));
      expect(rest.end).toEqual(whole.end);
    }
    const stopped = await run(undefined, 3);
    expect(stopped.end).toEqual(whole.states[2]);
    expect(stopped.numbers).toEqual(whole.numbers.slice(0, 3));
  });

  it('trains the same transformer on explicit chains whatever latent steps take in: a control differs from there on', async () => {
    const pause = { ...lrm.spec, latentInputs: 'pause' } as const;
    const size = lrmLayout(lrm.spec).entries.find(({ name }) => name.startsWith('prj.'))!.offset;
    const [recurrent, control] = [await run(), await run(undefined, undefined, pause)];
    const transformer = ({ states }: Kept, steps: number) => states[steps - 1]!.learner.params.slice(0, size);
    expect(transformer(control, 2)).toEqual(transformer(recurrent, 2));
    expect(transformer(control, 3)).not.toEqual(transformer(recurrent, 3));
  });

  it('begins every stage with a fresh optimiser', async () => {
    const { states } = await run();
    expect(states.map(({ learner }) => learner.updates)).toEqual([1, 2, 1, 2, 3]);
    expect(stageA!.student).toBe(false);
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embed, forward, logits, positionsOf } from '../lm/transformer.ts';
import { frozenWeights } from '../lm/weights.ts';
import { stream } from '../run/random.ts';
import { closeEngine, compile, f32, type Host, tf, useDevice } from '../tensor/index.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { padTokens } from './batches.ts';
import { after, type Intervention, projectionShapes, readQuestion, type Tokens, think } from './codi.ts';
import { LENS_TOP, type LrmRuntime, lrmRuntime } from './runtime.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

let runtime: LrmRuntime;
let pause: LrmRuntime;
beforeAll(async () => {
  await useDevice('cpu');
  runtime = await lrmRuntime((await tinyLrm()).folder);
  pause = await lrmRuntime((await tinyLrm(undefined, { latentInputs: 'pause' })).folder);
});
afterAll(closeEngine);

const rng = stream(1, 'codi');
const problems = [1, 2, 3].map(steps => world.generator('train', rng, steps));
const questions = () => problems.map(problem => runtime.lrm.tokenizer.encode(problem.question));
const ask = (width?: number) => ({ question: padTokens(questions(), runtime.lrm.spec.padId, 'left', width) });

/** States and inputs of a roll-out, as it is or with an intervention. */
async function rollOut(of: LrmRuntime, asked: { question: Host<Tokens> }, intervention?: Host<Intervention>) {
  const { spec, weightsFile } = of.lrm;
  const graph = compile('roll-out', (input: { question: Tokens; intervention?: Intervention }) => {
    const weights = frozenWeights(weightsFile);
    const question = readQuestion(spec, weights, input.question);
    const { states, inputs } = think(spec, weights, question, {
      ...(input.intervention && { intervention: input.intervention }),
    });
    return { states: tf.stack(states, 1), inputs: tf.stack(inputs, 1) };
  });
  return graph({ ...asked, ...(intervention && { intervention }) });
}

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>, digits = 4) {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((x, i) => {
    expect(x).toBeCloseTo(b[i]!, digits);
  });
}

describe('the latent roll-out', () => {
  it('is changed neither by left padding nor by the other questions', async () => {
    const tight = await runtime.think()(ask());
    const wide = await runtime.think()(ask(48));
    expectClose(wide.states.data, tight.states.data);
    expect(wide.answer.data).toEqual(tight.answer.data);
    expect(wide.lens.data).toEqual(tight.lens.data);
    const { spec } = runtime.lrm;
    const size = (spec.latents + 1) * spec.model.hiddenSize;
    const alone = await runtime.think()({ question: padTokens([questions()[1]!], spec.padId, 'left') });
    expectClose(alone.states.data, tight.states.data.slice(size, 2 * size));
  });

  it('is changed by an intervention, but not by one that puts the own inputs in', async () => {
    const { spec } = runtime.lrm;
    const own = await rollOut(runtime, ask());
    const [rows, n] = own.inputs.shape;
    const mask = (k: number) =>
      f32(
        Float32Array.from({ length: rows! * n! }, (_, i) => (k < 0 || i % n! === k ? 1 : 0)),
        [rows!, n!],
      );
    const run = (intervention: Host<Intervention>) => rollOut(runtime, ask(), intervention);
    const same = await run({ mask: mask(-1), embeddings: own.inputs });
    expectClose(own.states.data, (await runtime.think()(ask())).states.data);
    expectClose(same.states.data, own.states.data);
    const zeros = f32(new Float32Array(own.inputs.data.length), own.inputs.shape);
    const other = await run({ mask: mask(1), embeddings: zeros });
    const state = (out: typeof own, k: number) => {
      const d = spec.model.hiddenSize;
      return Array.from({ length: rows! }, (_, b) => [
        ...out.states.data.slice((b * (n! + 1) + k) * d, (b * (n! + 1) + k + 1) * d),
      ]).flat();
    };
    expectClose(state(other, 1), state(own, 1));
    expect(Math.max(...state(other, 2).map((x, i) => Math.abs(x - state(own, 2)[i]!)))).toBeGreaterThan(0.05);
    expect([...other.inputs.data.slice(spec.model.hiddenSize, 2 * spec.model.hiddenSize)].every(x => x === 0)).toBe(
      true,
    );
  });

  it('with fewer steps leaves the same first states', async () => {
    const { latents, model } = runtime.lrm.spec;
    const all = await runtime.think()(ask());
    for (let steps = 0; steps < latents; steps++) {
      const some = await runtime.think(steps)(ask());
      expect(some.states.shape).toEqual([3, steps + 1, model.hiddenSize]);
      problems.forEach((_, b) => {
        const size = (steps + 1) * model.hiddenSize;
        const from = b * (latents + 1) * model.hiddenSize;
        expectClose(some.states.data.slice(b * size, (b + 1) * size), all.states.data.slice(from, from + size));
      });
    }
  });

  it('without steps answers as the empty wrapper does', async () => {
    const { spec } = runtime.lrm;
    const none = await runtime.think(0)(ask());
    const wrapped = questions().map(q => [...q, spec.botId, spec.eotId, ...spec.answerPrefix]);
    const { answer } = await runtime.answerAfter({ tokens: padTokens(wrapped, spec.padId, 'left') });
    expect(none.answer.data).toEqual(answer.data);
  });

  it.each(['recurrent', 'pause'])('is one reading of question, <bot> and its own inputs: %s', async kind => {
    const thinker = kind === 'pause' ? pause : runtime;
    const { spec, weightsFile } = thinker.lrm;
    const own = await rollOut(thinker, ask());
    const whole = compile('whole', ({ question, inputs }: { question: Tokens; inputs: tf.Tensor3D }) => {
      const weights = frozenWeights(weightsFile);
      const rows = question.ids.shape[0];
      const bot = embed(weights, tf.fill([rows, 1], spec.botId, 'int32') as tf.Tensor2D);
      const more = tf.ones([rows, 1 + spec.latents]) as tf.Tensor2D;
      const mask = tf.concat([question.mask, more], 1) as tf.Tensor2D;
      const embeddings = tf.concat([embed(weights, question.ids), bot, inputs], 1);
      const { hidden } = forward(spec.model, weights, { embeddings, mask, positions: positionsOf(mask) });
      return { states: tf.slice(hidden, [0, question.ids.shape[1], 0], [rows, 1 + spec.latents, -1]) };
    });
    expectClose((await whole({ ...ask(), inputs: own.inputs })).states.data, own.states.data);
  });

  it('shows by the lens the likeliest next tokens of each state', async () => {
    const { spec, weightsFile } = runtime.lrm;
    const top = LENS_TOP + 3;
    const [few, out] = [await runtime.think()(ask()), await runtime.think(spec.latents, top)(ask())];
    const head = compile('head', ({ x }: { x: tf.Tensor2D }) => logits(spec.model, frozenWeights(weightsFile), x));
    const rows = 3 * (spec.latents + 1);
    const z = await head({ x: f32(out.states.data as Float32Array, [rows, spec.model.hiddenSize]) });
    for (let r = 0; r < rows; r++) {
      const row = [...z.data.slice(r * spec.model.vocabSize, (r + 1) * spec.model.vocabSize)];
      const best = row.map((_, id) => id).sort((a, b) => row[b]! - row[a]!);
      expect([...few.lens.data.slice(r * LENS_TOP, (r + 1) * LENS_TOP)]).toEqual(best.slice(0, LENS_TOP));
      expect([...out.lens.data.slice(r * top, (r + 1) * top)]).toEqual(best.slice(0, top));
    }
  });

  it('can be cut short inside a graph, with interventions on the steps that are left', async () => {
    const { spec, weightsFile } = runtime.lrm;
    const cut = compile('cut', ({ question, ...intervention }: { question: Tokens } & Intervention) => {
      const weights = frozenWeights(weightsFile);
      const { states, inputs } = think(spec, weights, readQuestion(spec, weights, question), {
        steps: 1,
        intervention,
      });
      return { count: tf.scalar(states.length + 10 * inputs.length), input: inputs[0]! };
    });
    const embeddings = f32(new Float32Array(3 * spec.model.hiddenSize).fill(0.25), [3, 1, spec.model.hiddenSize]);
    const out = await cut({ ...ask(), mask: f32([1, 1, 1], [3, 1]), embeddings });
    expect(out.count.data[0]).toBe(12);
    expect(out.input.data.every(x => x === 0.25)).toBe(true);
  });
});

it('pause inputs are the learned embeddings whatever the question; what is thought there is not', async () => {
  const { spec, weightsFile } = pause.lrm;
  const learned = openSafetensors(weightsFile).read('pause.weight');
  const token = fc.integer({ min: 0, max: spec.model.vocabSize - 1 });
  const question = fc.array(token, { minLength: 1, maxLength: 8 });
  const two = fc.tuple(question, question).filter(([a, b]) => a.join() !== b.join());
  await fc.assert(
    fc.asyncProperty(two, async rows => {
      const { inputs, states } = await rollOut(pause, { question: padTokens(rows, spec.padId, 'left', 8) });
      expect([...inputs.data]).toEqual([...learned, ...learned]);
      const [first, second] = [0, 1].map(b =>
        states.data.slice((b * states.data.length) / 2).slice(0, states.data.length / 2),
      );
      expect(first).not.toEqual(second);
    }),
    { numRuns: 20 },
  );
});

it('the projection has the names of CODI’s checkpoints', () => {
  expect(projectionShapes(runtime.lrm.spec).map(([name]) => name)).toEqual([
    'prj.1.weight',
    'prj.1.bias',
    'prj.3.weight',
    'prj.3.bias',
    'prj.ln.weight',
    'prj.ln.bias',
  ]);
});

describe('interventions', () => {
  const intervene = (
    mixture: readonly (readonly number[])[],
    site: Partial<Record<'input' | 'readout' | 'hidden', 1>>,
  ) => {
    const { latents } = runtime.lrm.spec;
    const rows = mixture.length;
    const at = (name: 'input' | 'readout' | 'hidden', width: number) =>
      f32(new Float32Array(rows * width).fill(site[name] ?? 0), [rows, width]);
    return runtime.intervene({
      ...ask(),
      mixture: f32(mixture.flat(), [3, rows / 3, 3]),
      input: at('input', latents),
      readout: at('readout', latents + 1),
      hidden: at('hidden', latents + 1),
    });
  };
  const own = [0, 1, 2].map(b => [0, 1, 2].map(other => Number(other === b)));

  it('that put the own in the own place change nothing, at either place, and for each variant of a question', async () => {
    const clean = [...(await runtime.think()(ask())).answer.data];
    for (const site of [{}, { input: 1 }, { readout: 1 }] as const) {
      const out = await intervene(own, site);
      expect([...out.clean.data]).toEqual(clean);
      expect([...out.answer.data]).toEqual(clean);
    }
    const twice = await intervene(
      own.flatMap(row => [row, row]),
      { readout: 1 },
    );
    expect([...twice.answer.data]).toEqual(clean.flatMap(answer => [answer, answer]));
  });

  it('that hide every latent step from the readout leave an answer to the question alone', async () => {
    const { spec } = runtime.lrm;
    const { answer } = await intervene(own, { hidden: 1 });
    const bare = compile('bare', ({ question }: { question: Tokens }) => {
      const weights = frozenWeights(runtime.lrm.weightsFile);
      const read = readQuestion(spec, weights, question);
      const rows = question.ids.shape[0];
      const ids = tf.tile(tf.tensor2d([[spec.eotId, ...spec.answerPrefix]], undefined, 'int32'), [
        rows,
        1,
      ]) as tf.Tensor2D;
      const tokens = { ids, mask: tf.ones(ids.shape) as tf.Tensor2D };
      const offset = tf.add(read.length, spec.latents + 1) as tf.Tensor2D;
      const { hidden } = forward(spec.model, weights, after(weights, [read.segment], offset, tokens));
      const last = tf.reshape(tf.slice(hidden, [0, ids.shape[1] - 1, 0], [rows, 1, -1]), [rows, -1]) as tf.Tensor2D;
      return { answer: tf.argMax(logits(spec.model, weights, last), -1) };
    });
    expect([...answer.data]).toEqual([...(await bare(ask())).answer.data]);
  });
});

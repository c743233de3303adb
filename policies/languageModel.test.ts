import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostView, hostViews } from '../src/lm/parameters.ts';
import { uniformsFrom } from '../src/lm/tiny.fixture.ts';
import { embed } from '../src/lm/transformer.ts';
import { padTokens } from '../src/lrm/batches.ts';
import type { Lrm } from '../src/lrm/folder.ts';
import { tinyLrm } from '../src/lrm/tiny.fixture.ts';
import { normal } from '../src/run/random.ts';
import { closeEngine, compile, f32, type Host, i32, type tf, useDevice } from '../src/tensor/index.ts';
import {
  createPolicyDecoder,
  initialPolicy,
  namedParameters,
  type PolicySpec,
  type PromptInputs,
  policyLayout,
  policyWeights,
  promptOf,
  type ScoreInputs,
  scoreTexts,
} from './languageModel.ts';
import { packTexts } from './textRows.ts';

const d = 12;
const rows = 3;
const z = f32(Float32Array.from({ length: rows * d }, uniformsFrom(4)), [rows, d]);
let lrm: Lrm;
let full: PolicySpec;
let lora: PolicySpec;
beforeAll(async () => {
  await useDevice('cpu');
  lrm = await tinyLrm();
  const { spec, tokenizer } = lrm;
  full = {
    model: spec.model,
    baseFile: lrm.weightsFile,
    targetSize: d,
    injectId: tokenizer.id('<inv>'),
    separatorId: tokenizer.id('<sep>'),
    eosId: spec.eosId,
    padId: spec.padId,
    banned: [spec.padId, spec.botId, spec.eotId, tokenizer.id('<inv>'), tokenizer.id('<sep>')],
  };
  lora = { ...full, lora: { r: 2, alpha: 4, targets: ['q_proj', 'v_proj', 'up_proj'] } };
});
afterAll(closeEngine);

const initial = (spec: PolicySpec) => initialPolicy(spec, uniformsFrom(2));

/** A policy that has been trained a little, somehow: nothing in it is zero. */
function moved(spec: PolicySpec): Float32Array {
  const rng = uniformsFrom(3);
  return initial(spec).map(x => x + 0.05 * normal(rng));
}

interface Question {
  readonly ids: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
}

async function score(
  spec: PolicySpec,
  params: Float32Array,
  texts: readonly (readonly number[])[],
  options: { z?: Host<PromptInputs>['z']; width?: number; temperature?: number; question?: Host<Question> } = {},
) {
  const map = policyLayout(spec);
  const graph = compile('score', (x: ScoreInputs) => scoreTexts(spec, x));
  const width = options.width ?? Math.max(...texts.map(text => text.length));
  const ids = padTokens(texts, spec.padId, 'right', width).ids.data as Int32Array;
  const prompt = { z: options.z ?? z, ...(options.question && { question: options.question }) };
  const packed = packTexts(prompt, { ids, lengths: texts.map(text => text.length), width });
  const temperature = f32([options.temperature ?? 1], []);
  const out = await graph({ params: hostViews(map, params), prompt, texts: packed.inputs, temperature });
  const pick = (data: ArrayLike<number>) => {
    const found = packed.unpack(data);
    return texts.map((text, b) => text.map((_, i) => found[b * width + i]!));
  };
  return { logProb: pick(out.logProb.data), entropy: pick(out.entropy.data), value: pick(out.value.data) };
}

function write(
  spec: PolicySpec,
  params: Float32Array,
  options: { temperature?: number; seed?: number; maxNewTokens?: number } = {},
) {
  const maxNewTokens = options.maxNewTokens ?? 6;
  const uniforms = Float32Array.from({ length: rows * maxNewTokens }, uniformsFrom(options.seed ?? 1));
  return createPolicyDecoder(spec).generate({
    params: hostViews(policyLayout(spec), params),
    inputs: { z },
    uniforms,
    temperature: options.temperature ?? 1,
    maxNewTokens,
  });
}

function expectClose(a: readonly (readonly number[])[], b: readonly (readonly number[])[]) {
  const [x, y] = [a.flat(), b.flat()];
  expect(x.length).toBe(y.length);
  x.forEach((value, i) => {
    expect(value).toBeCloseTo(y[i]!, 4);
  });
}

const texts = [
  [9, 20, 31, 1],
  [40, 8],
  [12, 12, 13],
];

describe('the prompt', () => {
  it('is <inv>, the injected vector, <sep>; before them the question, where there is one', async () => {
    const params = moved(full);
    const map = policyLayout(full);
    const graph = compile(
      'prompt',
      (x: { params: Record<string, tf.Tensor>; inputs: PromptInputs; ids: tf.Tensor2D }) => {
        const weights = policyWeights(full, x.params);
        return { ...promptOf(full, weights, x.inputs), known: embed(weights, x.ids) };
      },
    );
    const question = padTokens([[9, 10, 11], [9], [14, 15]], full.padId, 'left', 4);
    const known = i32([full.injectId, full.separatorId, 9], [1, 3]);
    const run = (inputs: Host<PromptInputs>) => graph({ params: hostViews(map, params), inputs, ids: known });
    const plain = await run({ z });
    expect(plain.embeddings.shape).toEqual([rows, 3, d]);
    const vector = (data: ArrayLike<number>, at: number) => Array.from({ length: d }, (_, i) => data[at * d + i]!);
    const weight = hostView(map, params, 'injection.weight');
    const bias = hostView(map, params, 'injection.bias');
    for (let b = 0; b < rows; b++) {
      expect(vector(plain.embeddings.data, 3 * b)).toEqual(vector(plain.known.data, 0));
      expect(vector(plain.embeddings.data, 3 * b + 2)).toEqual(vector(plain.known.data, 1));
      vector(plain.embeddings.data, 3 * b + 1).forEach((x, i) => {
        const expected = vector(z.data, b).reduce((sum, value, j) => sum + weight[i * d + j]! * value, bias[i]!);
        expect(x).toBeCloseTo(expected, 5);
      });
    }
    expect([...plain.positions.data]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    const seen = await run({ z, question });
    expect(seen.embeddings.shape).toEqual([rows, 7, d]);
    expect([...seen.mask.data.slice(0, 14)]).toEqual([0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1]);
    expect([...seen.positions.data.slice(7, 14)]).toEqual([0, 0, 0, 0, 1, 2, 3]);
    expect(vector(seen.embeddings.data, 7 + 3)).toEqual(vector(seen.known.data, 2));
    expect(vector(seen.embeddings.data, 7 + 5)).toEqual(vector(plain.embeddings.data, 4));
  });
});

describe('scores of texts', () => {
  it('are the log-probabilities by which they were drawn, at any temperature', async () => {
    for (const spec of [full, lora]) {
      for (const temperature of [1, 1.7]) {
        const params = moved(spec);
        const out = await write(spec, params, { temperature });
        const width = 6;
        const drawn = Array.from({ length: rows }, (_, b) => [
          ...out.tokens.slice(b * width, b * width + out.lengths[b]!),
        ]);
        const { logProb } = await score(spec, params, drawn, { width, temperature });
        const sampled = drawn.map((text, b) => text.map((_, i) => out.logprobs[b * width + i]!));
        expectClose(logProb, sampled);
      }
    }
  });

  it('are nearly those by which a decoder in integers has drawn', async () => {
    const params = moved(lora);
    const width = 6;
    await useDevice('onnx');
    const out = await write({ ...lora, int8Rollouts: true }, params);
    await useDevice('cpu');
    const drawn = Array.from({ length: rows }, (_, b) => [...out.tokens.slice(b * width, b * width + out.lengths[b]!)]);
    const { logProb } = await score(lora, params, drawn, { width });
    const differences = drawn.flatMap((text, b) => text.map((_, i) => out.logprobs[b * width + i]! - logProb[b]![i]!));
    const mean = differences.reduce((sum, x) => sum + Math.abs(x), 0) / differences.length;
    expect(mean).toBeLessThan(0.1);
    expect(mean).toBeGreaterThan(1e-4);
  });

  it('are changed neither by padding of the text nor of the question', async () => {
    const params = moved(full);
    const tight = await score(full, params, texts);
    const wide = await score(full, params, texts, { width: 9 });
    const question = (width: number) => padTokens([[9, 10, 11], [9], [14, 15]], full.padId, 'left', width);
    const seen = await score(full, params, texts, { question: question(3) });
    const padded = await score(full, params, texts, { question: question(8) });
    for (const name of ['logProb', 'entropy', 'value'] as const) {
      expectClose(wide[name], tight[name]);
      expectClose(padded[name], seen[name]);
    }
    expect(Math.abs(seen.logProb[0]![0]! - tight.logProb[0]![0]!)).toBeGreaterThan(1e-3);
  });

  it('are the same whether texts share a prompt or each has its own', async () => {
    const question = padTokens([[9, 10, 11], [9], [14, 15]], full.padId, 'left', 3);
    const twice = (x: Host<PromptInputs>['z']) => {
      const width = x.shape[1]!;
      const data = Array.from(
        { length: 2 * rows * width },
        (_, i) => x.data[Math.floor(i / (2 * width)) * width + (i % width)]!,
      );
      return {
        ...x,
        data: x.dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data),
        shape: [2 * rows, width],
      };
    };
    const two = texts.flatMap(text => [text, [...text.slice(0, -1), 50]]);
    for (const spec of [full, lora])
      for (const asked of [undefined, question]) {
        const params = moved(spec);
        const shared = await score(spec, params, two, asked && { question: asked });
        const apart = await score(spec, params, two, {
          z: twice(z),
          ...(asked && { question: { ids: twice(asked.ids), mask: twice(asked.mask) } }),
        });
        for (const name of ['logProb', 'entropy', 'value'] as const) expectClose(shared[name], apart[name]);
      }
  });

  it('give the entropy and the value of the state before each token', async () => {
    const params = moved(full);
    const { value, entropy } = await score(full, params, texts);
    const other = await score(
      full,
      params,
      texts.map(text => [...text.slice(0, -1), 50]),
    );
    expectClose(other.value, value);
    expectClose(other.entropy, entropy);
    const begins = (await score(full, params, [[9], [40], [12]])).value;
    expectClose(
      begins,
      value.map(row => row.slice(0, 1)),
    );
    expect(entropy.flat().every(x => x > 0 && x < Math.log(full.model.vocabSize))).toBe(true);
  });

  it('leave banned tokens without any chance', async () => {
    const params = moved(full);
    const { logProb } = await score(
      full,
      params,
      full.banned.slice(0, rows).map(id => [id]),
    );
    expect(logProb.flat().every(x => x < -1e6)).toBe(true);
    for (let seed = 0; seed < 8; seed++) {
      const { tokens, lengths } = await write(full, params, { temperature: 50, seed, maxNewTokens: 8 });
      for (let b = 0; b < rows; b++)
        for (const id of tokens.slice(b * 8, b * 8 + lengths[b]!)) expect(full.banned).not.toContain(id);
    }
  });
});

describe('a fresh policy', () => {
  it('values nothing, and shows the vector at the size of two embeddings', () => {
    for (const spec of [full, lora]) {
      const map = policyLayout(spec);
      const params = initial(spec);
      for (const name of ['value.weight', 'value.bias', 'injection.bias'])
        expect(hostView(map, params, name).every(x => x === 0)).toBe(true);
      const weight = hostView(map, params, 'injection.weight');
      const scale = weight[0]!;
      expect(scale).toBeGreaterThan(0);
      weight.forEach((x, at) => {
        expect(x).toBe(at % (d + 1) === 0 ? scale : 0);
      });
    }
  });

  it('with adapters writes as the base model does, and does not once they are trained', async () => {
    const base = await score(full, initial(full), texts);
    const fresh = await score(lora, initial(lora), texts);
    expectClose(fresh.logProb, base.logProb);
    expectClose(fresh.entropy, base.entropy);
    const params = initial(lora);
    const name = policyLayout(lora).entries.find(entry => entry.name.includes('q_proj.lora_B'))!.name;
    hostView(policyLayout(lora), params, name).fill(0.5);
    const trained = await score(lora, params, texts);
    expect(Math.abs(trained.logProb[0]![1]! - base.logProb[0]![1]!)).toBeGreaterThan(1e-3);
  });

  it('is saved under the names that it is loaded by, whole', () => {
    for (const spec of [full, lora]) {
      const params = moved(spec);
      const named = namedParameters(spec, params);
      for (const { name, shape, offset } of policyLayout(spec).entries) {
        expect(named[name]!.shape).toEqual(shape);
        expect(named[name]!.data).toEqual(params.slice(offset, offset + named[name]!.data.length));
      }
    }
    expect(Object.keys(namedParameters(lora, initial(lora)))).toContain(
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
    );
  });
});

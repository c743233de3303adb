import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { closeEngine, compile, f32, type Host, i32, useDevice } from '../tensor/index.ts';
import { createDecoder, type DecoderOptions } from './decode.ts';
import { views } from './flat.fixture.ts';
import { hostViews, layout } from './parameters.ts';
import { parameterShapes } from './spec.ts';
import { tinySpec as spec, tinyParameters, uniformsFrom } from './tiny.fixture.ts';
import { embed, forward, logits, positionsOf } from './transformer.ts';
import { viewWeights } from './weights.ts';

const map = layout(parameterShapes(spec));
const data = tinyParameters();
const params = hostViews(map, data);

type Prompt = { ids: tf.Tensor2D; mask: tf.Tensor2D };

function decoder(changes: Partial<DecoderOptions<Prompt>> = {}) {
  return createDecoder<Prompt>({
    name: 'test',
    spec,
    weights: named => viewWeights(named!),
    prompt: (weights, { ids, mask }) => ({ embeddings: embed(weights, ids), mask, positions: positionsOf(mask) }),
    stop: [],
    ...changes,
  });
}

function prompts(rows: number[][], side: 'left' | 'right' = 'left', extra = 0): Host<Prompt> {
  const width = Math.max(...rows.map(row => row.length)) + extra;
  const pad = (row: number[], value: (id: number) => number, filler: number) => {
    const filled = Array<number>(width - row.length).fill(filler);
    const values = row.map(value);
    return side === 'left' ? [...filled, ...values] : [...values, ...filled];
  };
  return {
    ids: i32(
      rows.flatMap(row => pad(row, id => id, 3)),
      [rows.length, width],
    ),
    mask: f32(
      rows.flatMap(row => pad(row, () => 1, 0)),
      [rows.length, width],
    ),
  };
}

const full = compile('full', ({ flat, ids }: { flat: tf.Tensor1D; ids: tf.Tensor2D }) => {
  const weights = viewWeights(views(map, flat));
  const mask = tf.ones<tf.Rank.R2>(ids.shape);
  const { hidden } = forward(spec, weights, { embeddings: embed(weights, ids), mask, positions: positionsOf(mask) });
  return logits(spec, weights, tf.reshape(hidden, [-1, spec.hiddenSize]));
});

/** Distribution of the token after `ids`, by a pass over the whole text. */
async function distribution(ids: number[], temperature = 1, banned: number[] = []): Promise<number[]> {
  const all = await full({ flat: f32(data, [map.size]), ids: i32(ids, [1, ids.length]) });
  const last = [...all.data.subarray(-spec.vocabSize)].map((z, id) => (banned.includes(id) ? -1e9 : z / temperature));
  const largest = Math.max(...last);
  const weights = last.map(z => Math.exp(z - largest));
  const total = weights.reduce((a, b) => a + b);
  return weights.map(w => w / total);
}

const rows = [[1, 5, 2], [7, 7, 9, 4], [11]];
const maxNewTokens = 7;

describe.each(['cpu', 'onnx'] as const)('on %s', device => {
  beforeEach(async () => {
    await useDevice(device);
  });
  afterAll(closeEngine);

  it('writes greedily what a pass over the whole text finds likeliest, however many tokens a call takes', async () => {
    for (const unroll of [1, 3, 7]) {
      const out = await decoder({ unroll }).generate({ params, inputs: prompts(rows), maxNewTokens });
      for (const [b, prompt] of rows.entries()) {
        const text = [...prompt];
        for (let i = 0; i < maxNewTokens; i++) {
          const p = await distribution(text);
          const token = out.tokens[b * maxNewTokens + i]!;
          expect(token).toBe(p.indexOf(Math.max(...p)));
          expect(out.logprobs[b * maxNewTokens + i]).toBeCloseTo(Math.log(p[token]!), 4);
          text.push(token);
        }
      }
      expect([...out.lengths]).toEqual([7, 7, 7]);
      expect([...out.stopped]).toEqual([0, 0, 0]);
    }
  });

  it('draws several texts of a prompt as it would of as many copies of the prompt', async () => {
    const samples = 3;
    const uniforms = Float32Array.from({ length: rows.length * samples * maxNewTokens }, uniformsFrom(6));
    const long = rows.map(row => [...Array<number>(40).fill(2), ...row]);
    for (const asked of [rows, long])
      for (const unroll of [1, 3, 7]) {
        const { generate } = decoder({ unroll });
        const shared = await generate({ params, inputs: prompts(asked), uniforms, maxNewTokens });
        const copies = prompts(asked.flatMap(row => Array<number[]>(samples).fill(row)));
        const apart = await generate({ params, inputs: copies, uniforms, maxNewTokens });
        expect(shared.tokens).toEqual(apart.tokens);
        shared.logprobs.forEach((logProb, i) => {
          expect(logProb).toBeCloseTo(apart.logprobs[i]!, 4);
        });
      }
  });

  it('draws by inverse CDF at a temperature, without the banned tokens', async () => {
    const next = uniformsFrom(5);
    const uniforms = Float32Array.from({ length: rows.length * maxNewTokens }, next);
    uniforms[0] = 0;
    uniforms[maxNewTokens] = 1 - 2 ** -24;
    const banned = [0, 4];
    const out = await decoder({ unroll: 4, banned, bannedFirst: [16] }).generate({
      params,
      inputs: prompts(rows),
      uniforms,
      temperature: 1.7,
      maxNewTokens,
    });
    for (const [b, prompt] of rows.entries()) {
      const text = [...prompt];
      for (let i = 0; i < maxNewTokens; i++) {
        const p = await distribution(text, 1.7, i === 0 ? [...banned, 16] : banned);
        const token = out.tokens[b * maxNewTokens + i]!;
        const below = p.slice(0, token).reduce((a, x) => a + x, 0);
        expect(uniforms[b * maxNewTokens + i]).toBeGreaterThan(below - 1e-5);
        expect(uniforms[b * maxNewTokens + i]).toBeLessThan(below + p[token]! + 1e-5);
        expect(out.logprobs[b * maxNewTokens + i]).toBeCloseTo(Math.log(p[token]!), 4);
        expect(banned).not.toContain(token);
        text.push(token);
      }
    }
    expect(out.tokens[0]).toBe(1);
    expect(out.tokens[maxNewTokens]).toBe(15);
  });

  it('is the same for prompts padded on the left, on the right, and alone', async () => {
    const uniforms = Float32Array.from({ length: rows.length * maxNewTokens }, uniformsFrom(9));
    const write = decoder({ unroll: 3 });
    const left = await write.generate({ params, inputs: prompts(rows, 'left'), uniforms, maxNewTokens });
    const right = await write.generate({ params, inputs: prompts(rows, 'right', 2), uniforms, maxNewTokens });
    expect(right.tokens).toEqual(left.tokens);
    for (const [b, prompt] of rows.entries()) {
      const own = uniforms.subarray(b * maxNewTokens, (b + 1) * maxNewTokens);
      const alone = await write.generate({ params, inputs: prompts([prompt]), uniforms: own, maxNewTokens });
      expect(alone.tokens).toEqual(left.tokens.subarray(b * maxNewTokens, (b + 1) * maxNewTokens));
    }
  });

  it('ends rows at a stop token, keeps it, pads the rest, and leaves off when all rows have ended', async () => {
    const free = await decoder({ unroll: 2 }).generate({ params, inputs: prompts(rows), maxNewTokens });
    const stop = [free.tokens[1]!, free.tokens[maxNewTokens + 2]!, free.tokens[2 * maxNewTokens]!];
    const out = await decoder({ unroll: 2, stop, padId: 13 }).generate({ params, inputs: prompts(rows), maxNewTokens });
    for (let b = 0; b < rows.length; b++) {
      const text = [...free.tokens.subarray(b * maxNewTokens, (b + 1) * maxNewTokens)];
      const end = text.findIndex(token => stop.includes(token)) + 1;
      const expected = [...text.slice(0, end), ...Array<number>(maxNewTokens - end).fill(13)];
      expect([...out.tokens.subarray(b * maxNewTokens, (b + 1) * maxNewTokens)]).toEqual(expected);
      expect(out.lengths[b]).toBe(end);
      expect(out.stopped[b]).toBe(1);
      expect([...out.logprobs.subarray(b * maxNewTokens + end, (b + 1) * maxNewTokens)].every(x => x === 0)).toBe(true);
    }
  });

  it('continues after a past that several rows share, and after a long prompt', async () => {
    const long = Array.from({ length: 40 }, (_, i) => (i * 5) % spec.vocabSize);
    const replies = [
      [1, 5],
      [7, 9],
      [2, 2],
      [3, 4],
    ];
    const shared = createDecoder({
      name: 'shared',
      spec,
      weights: named => viewWeights(named!),
      prompt: (weights, inputs: { question: tf.Tensor2D; ids: tf.Tensor2D }) => {
        const mask = tf.ones<tf.Rank.R2>(inputs.question.shape);
        const question = { embeddings: embed(weights, inputs.question), mask, positions: positionsOf(mask) };
        const offset = tf.scalar(inputs.question.shape[1], 'int32');
        const own = tf.ones<tf.Rank.R2>(inputs.ids.shape);
        return {
          embeddings: embed(weights, inputs.ids),
          mask: own,
          positions: tf.add(positionsOf(own), offset),
          past: [forward(spec, weights, question).segment],
        };
      },
      stop: [],
      unroll: 3,
    });
    const questions = [long, [...long].reverse()];
    const inputs = { question: i32(questions.flat(), [2, 40]), ids: i32(replies.flat(), [4, 2]) };
    const out = await shared.generate({ params, inputs, maxNewTokens });
    const whole = replies.map((reply, b) => [...questions[Math.floor(b / 2)]!, ...reply]);
    const plain = await decoder({ unroll: 3 }).generate({ params, inputs: prompts(whole), maxNewTokens });
    expect(out.tokens).toEqual(plain.tokens);
  });
});

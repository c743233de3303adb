import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeEngine, compile, f32, i32, useDevice } from '../tensor/index.ts';
import { saveModel } from './checkpoint.ts';
import { views } from './flat.fixture.ts';
import { generateText } from './generate.ts';
import { logProb } from './ops.ts';
import { hostView, layout } from './parameters.ts';
import { perplexity } from './perplexity.ts';
import { parameterShapes } from './spec.ts';
import { tinyParameters, tinySpec, uniformsFrom } from './tiny.fixture.ts';
import { writeWordTokenizer } from './tokenizer.ts';
import { embed, forward, logits, positionsOf } from './transformer.ts';
import { viewWeights } from './weights.ts';

const spec = { ...tinySpec, maxPositions: 200 };
const folder = mkdtempSync(join(tmpdir(), 'generate-'));
const map = layout(parameterShapes(spec));
const data = tinyParameters(spec);
const words = Array.from({ length: 14 }, (_, i) => `w${i}`);

beforeAll(async () => {
  const tensors = map.entries.map(({ name, shape }) => [name, { shape, data: hostView(map, data, name) }] as const);
  saveModel(folder, spec, Object.fromEntries(tensors));
  writeWordTokenizer(folder, words, { pad: '<pad>', eos: '<eos>', unknown: '<unk>' });
  await useDevice('onnx');
});
afterAll(async () => {
  await closeEngine();
  rmSync(folder, { recursive: true });
});

type Scored = { flat: tf.Tensor1D; ids: tf.Tensor2D; targets: tf.Tensor1D };

const logProbs = compile('test.score', ({ flat, ids, targets }: Scored) => {
  const weights = viewWeights(views(map, flat));
  const mask = tf.ones<tf.Rank.R2>(ids.shape);
  const { hidden } = forward(spec, weights, { embeddings: embed(weights, ids), mask, positions: positionsOf(mask) });
  return tf.sum(logProb(logits(spec, weights, tf.reshape(hidden, [ids.size, spec.hiddenSize])), targets));
});

/** Sum of the log-probabilities of ids 2…n in one pass. */
async function score(ids: number[]): Promise<number> {
  const n = ids.length - 1;
  const sum = await logProbs({
    flat: f32(data, [map.size]),
    ids: i32(ids.slice(0, n), [1, n]),
    targets: i32(ids.slice(1), [n]),
  });
  return sum.data[0]!;
}

describe('perplexity', () => {
  const next = uniformsFrom(4);
  const ids = Array.from({ length: 260 }, () => 3 + Math.floor(next() * 14));
  const text = ids.map(id => words[id - 3]).join(' ');

  it('reads in chunks what one pass reads at once, and begins afresh after a window', async () => {
    const out = await perplexity(folder, text);
    const expected = (await score(ids.slice(0, 200))) + (await score(ids.slice(200)));
    expect(out).toMatchObject({ tokens: 260, scored: 258 });
    expect(out.meanNll).toBeCloseTo(-expected / 258, 4);
    expect(out.perplexity).toBeCloseTo(Math.exp(out.meanNll), 6);
    const int8 = await perplexity(folder, text, { int8: true });
    expect(int8.perplexity).not.toBe(out.perplexity);
    expect(int8.perplexity / out.perplexity).toBeCloseTo(1, 2);
  });

  it('needs two tokens', async () => {
    await expect(perplexity(folder, 'w1')).rejects.toThrow(/at least two tokens/);
  });
});

describe('generateText', () => {
  it('continues the prompt greedily', async () => {
    const { promptIds, ids, text } = await generateText(folder, 'w1 w2', { maxNewTokens: 5 });
    expect(promptIds).toEqual([4, 5]);
    expect(text.split(' ')).toEqual(ids.filter(id => id > 2).map(id => words[id - 3]));
    const other = ids[0] === 6 ? 7 : 6;
    expect(await score([4, 5, ids[0]!])).toBeGreaterThan(await score([4, 5, other]));
  });

  it('refuses an empty prompt, one that leaves no room, and --chat without a template', async () => {
    await expect(generateText(folder, ' ')).rejects.toThrow(/no tokens/);
    await expect(generateText(folder, 'w1', { maxNewTokens: 200 })).rejects.toThrow(/1 tokens and 200 new ones/);
    await expect(generateText(folder, 'w1', { chat: true })).rejects.toThrow(/no chat template/);
  });
});

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { closeEngine, compile, f32, i32, useDevice } from '../tensor/index.ts';
import { type Continuation, createBeamSearch } from './beam.ts';
import { views } from './flat.fixture.ts';
import { KeyStore } from './keyStore.ts';
import { hostViews, layout } from './parameters.ts';
import { parameterShapes } from './spec.ts';
import { tinyParameters, tinySpec } from './tiny.fixture.ts';
import { embed, forward, logits, positionsOf } from './transformer.ts';
import { viewWeights } from './weights.ts';

const spec = { ...tinySpec, vocabSize: 5 };
const map = layout(parameterShapes(spec));
const data = tinyParameters(spec);
const STOP = 4;
const BANNED = 3;

type Prompt = { ids: tf.Tensor2D; mask: tf.Tensor2D };

const beams = createBeamSearch<Prompt>({
  name: 'test.beams',
  spec,
  weights: named => viewWeights(named!),
  prompt: (weights, { ids, mask }) => ({ embeddings: embed(weights, ids), mask, positions: positionsOf(mask) }),
  banned: [BANNED],
  stop: [STOP],
});

const full = compile('test.beams.full', ({ flat, ids }: { flat: tf.Tensor1D; ids: tf.Tensor2D }) => {
  const weights = viewWeights(views(map, flat));
  const mask = tf.ones<tf.Rank.R2>(ids.shape);
  const { hidden } = forward(spec, weights, { embeddings: embed(weights, ids), mask, positions: positionsOf(mask) });
  const scores = logits(spec, weights, tf.reshape(hidden, [-1, spec.hiddenSize]));
  return tf.logSoftmax(tf.add(scores, tf.tensor2d([[0, 0, 0, -1e9, 0]])));
});

/** Every continuation of a prompt that stops in time, found by reading each. */
async function all(prompt: number[], floor: number, longest: number): Promise<Continuation[]> {
  const found: Continuation[] = [];
  const follow = async (tokens: number[], logProb: number): Promise<void> => {
    const ids = [...prompt, ...tokens];
    const out = await full({ flat: f32(data, [map.size]), ids: i32(ids, [1, ids.length]) });
    const last = [...out.data.subarray(-spec.vocabSize)];
    for (const [token, own] of last.entries()) {
      if (token === BANNED || own < floor) continue;
      const more = [...tokens, token];
      if (token === STOP) found.push({ tokens: more, logProb: logProb + own });
      else if (more.length < longest) await follow(more, logProb + own);
    }
  };
  await follow([], 0);
  return found.sort((a, b) => b.logProb - a.logProb);
}

/** Prompts of unlike lengths, right-padded. */
const search = (prompts: number[][], width: number, floor: number, maxNewTokens: number) => {
  const time = Math.max(...prompts.map(p => p.length));
  const filled = prompts.map(p => [...p, ...Array<number>(time - p.length).fill(0)]);
  const mask = prompts.map(p => filled[0]!.map((_, i) => Number(i < p.length)));
  const inputs = { ids: i32(filled.flat(), [prompts.length, time]), mask: f32(mask.flat(), [prompts.length, time]) };
  return beams.search({ params: hostViews(map, data), inputs, width, floor, maxNewTokens });
};

describe.each(['cpu', 'onnx'] as const)('beam search on %s', device => {
  beforeEach(async () => {
    await useDevice(device);
  });
  afterAll(closeEngine);

  it('finds whatever can be said above the floor, likeliest first, where the beam is wide enough', async () => {
    const prompts = [[1], [2, 0, 1]];
    const found = await search(prompts, 64, -3, 4);
    for (const [p, prompt] of prompts.entries()) {
      const expected = await all(prompt, -3, 4);
      expect(expected.length).toBeGreaterThan(5);
      expect(found[p]!.map(c => c.tokens)).toEqual(expected.map(c => c.tokens));
      for (const [i, { logProb }] of found[p]!.entries()) expect(logProb).toBeCloseTo(expected[i]!.logProb, 4);
    }
  });

  it('finds texts that exist, above the floor, and no more than its width, where it is not', async () => {
    const every = new Map((await all([1], -9, 4)).map(c => [`${c.tokens}`, c.logProb]));
    for (const width of [1, 2, 5]) {
      const [found] = await search([[1]], width, -9, 4);
      expect(found!.length).toBeLessThanOrEqual(width);
      for (const { tokens, logProb } of found!) expect(logProb).toBeCloseTo(every.get(`${tokens}`)!, 4);
    }
  });

  it('finds nothing above a floor that nothing reaches', async () => {
    expect(await search([[1]], 4, -1e-3, 3)).toEqual([[]]);
  });
});

it('a store of keys takes any rows in any order', () => {
  const shape = fc.record({ rows: fc.integer({ min: 1, max: 5 }), tokens: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(shape, fc.infiniteStream(fc.nat(4)), ({ rows, tokens }, picks) => {
      const store = new KeyStore({ layers: 1, kvHeads: 2, headDim: 3 }, rows, 4);
      const own = (b: number, i: number) => 100 * b + i;
      const segment = (length: number) => {
        const heads = () =>
          f32(
            Float32Array.from({ length: rows * 2 * length * 3 }, (_, i) =>
              own(Math.floor(i / (6 * length)), i % (6 * length)),
            ),
            [rows, 2, length, 3],
          );
        const mask = f32(new Float32Array(rows * length).fill(1), [rows, length]);
        return { k: [heads()], v: [heads()], mask };
      };
      store.append(segment(tokens));
      const before = store.segment.k.map(({ data: values }) => values.slice());
      const from = Array.from({ length: rows }, () => picks.next().value % rows);
      store.reorder(from);
      const size = 2 * 4 * 3;
      for (const [b, source] of from.entries())
        expect(store.segment.k[0]!.data.subarray(b * size, (b + 1) * size)).toEqual(
          before[0]!.subarray(source * size, (source + 1) * size),
        );
    }),
  );
});

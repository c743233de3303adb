import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Host, HostArray } from '../tensor/index.ts';
import { flatGradient } from './flat.fixture.ts';
import { type Packing, packingOf } from './packing.ts';
import { layout } from './parameters.ts';
import { parameterShapes } from './spec.ts';
import { tinySpec as spec, tinyParameters, uniformsFrom } from './tiny.fixture.ts';
import { embed, forward, positionsOf, statesOf } from './transformer.ts';
import { viewWeights } from './weights.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const lengths = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 });
const maskOf = (rows: readonly number[], width: number, left: boolean) =>
  Float32Array.from(rows.flatMap(n => Array.from({ length: width }, (_, t) => +(left ? t >= width - n : t < n))));

function tensors({ tokens, places, shared }: Host<Packing>): Packing {
  const tensor = ({ data, shape }: HostArray) => tf.tensor(data, [...shape] as [number], 'int32') as tf.Tensor1D;
  return {
    tokens: tensor(tokens),
    places: tensor(places),
    ...(shared && {
      shared: { taken: tensor(shared.taken), rows: tensor(shared.rows) as tf.Tensor as tf.Tensor2D },
    }),
  };
}

describe('packingOf', () => {
  it('numbers every token once and leaves the other places one that holds none', () => {
    fc.assert(
      fc.property(lengths, fc.boolean(), (rows, left) => {
        const mask = maskOf(rows, 9, left);
        const { packing, filling } = packingOf(mask, 9);
        const tokens = packing.tokens.data as Int32Array;
        const places = packing.places.data as Int32Array;
        const used = [...mask.keys()].filter(place => mask[place]);
        expect([...tokens.slice(0, used.length)]).toEqual(used);
        expect([...tokens].map(place => places[place])).toEqual([...tokens.keys()]);
        const others = [...places.keys()].filter(place => !tokens.includes(place));
        for (const place of others) expect(mask[tokens[places[place]!]!]).toBe(0);
        expect(tokens.length).toBe(used.length + filling);
        expect(tokens.length % 32 === 0 || tokens.length === mask.length).toBe(true);
      }),
    );
  });
});

/** The sum of weighted squares of the states at all tokens, computed in the padded batch and packed. */
describe('packed tokens', () => {
  const map = layout(parameterShapes(spec));
  const flat = tinyParameters();

  it('have the states and the gradient of the padded batch, all of them or those wanted', () => {
    fc.assert(
      fc.property(lengths, fc.boolean(), fc.boolean(), fc.nat(), (rows, left, some, seed) => {
        const [batch, time] = [rows.length, 9];
        const maskData = maskOf(rows, time, left);
        const used = [...maskData.keys()].filter(place => maskData[place]);
        if (used.length === 0) return;
        tf.tidy(() => {
          const next = uniformsFrom(seed);
          const ids = tf.tensor2d(
            Array.from(maskData, () => Math.floor(next() * spec.vocabSize)),
            [batch, time],
            'int32',
          );
          const mask = tf.tensor2d(maskData, [batch, time]);
          const chosen = used.map((_, token) => token).filter(token => !some || token % 2 === 0);
          const places = tf.tensor1d(
            chosen.map(token => used[token]!),
            'int32',
          );
          const packing = tensors(packingOf(maskData, time).packing);
          const weights = tf.randomNormal([chosen.length, spec.hiddenSize], 0, 1, 'float32', seed);
          const run = (packed: boolean) =>
            flatGradient(map, tf.tensor1d(flat), named => {
              const model = viewWeights(named);
              const input = { embeddings: embed(model, ids), mask, positions: positionsOf(mask) };
              const wanted = some ? tf.tensor1d(chosen, 'int32') : undefined;
              const states = packed
                ? tf.slice(
                    statesOf(spec, model, input, { packing, ...(wanted && { wanted }) }).states,
                    [0, 0],
                    [chosen.length, -1],
                  )
                : tf.gather(tf.reshape(forward(spec, model, input).hidden, [batch * time, -1]), places);
              return { loss: tf.sum(tf.mul(tf.square(states), weights)) as tf.Scalar, metrics: {} };
            });
          const [plain, packed] = [run(false), run(true)];
          const scale = tf.max(tf.abs(plain.gradient)).dataSync()[0]!;
          expect(packed.loss.dataSync()[0]! / plain.loss.dataSync()[0]!).toBeCloseTo(1, 4);
          expect(tf.max(tf.abs(tf.sub(packed.gradient, plain.gradient))).dataSync()[0]! / scale).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('that rows share have the gradient of all their places', () => {
    const shapes = fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 2, max: 4 }),
      length: fc.integer({ min: 1, max: 3 }),
      lengths: fc.array(fc.nat(4), { minLength: 12, maxLength: 12 }),
      full: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shapes, ({ groups, rows, length, lengths: own, full, seed }) => {
        const [batch, time] = [groups * rows, 8];
        const maskData = Float32Array.from({ length: batch * time }, (_, place) =>
          Number(full || place % time < length + own[Math.floor(place / time)]!),
        );
        const next = uniformsFrom(seed);
        const idData = Int32Array.from(maskData, () => Math.floor(next() * spec.vocabSize));
        for (let b = 0; b < batch; b++) {
          const first = b - (b % rows);
          idData.copyWithin(b * time, first * time, first * time + length);
        }
        const host = packingOf(maskData, time, { rows, length }).packing;
        const tokens = [...host.tokens.data];
        const lies = [...host.places.data];
        expect(tokens.length).toBeLessThanOrEqual(batch * time);
        for (const place of maskData.keys())
          if (maskData[place]) expect(idData[tokens[lies[place]!]!]).toBe(idData[place]);

        tf.tidy(() => {
          const ids = tf.tensor2d(idData, [batch, time], 'int32');
          const mask = tf.tensor2d(maskData, [batch, time]);
          const used = [...maskData.keys()].filter(place => maskData[place]);
          const places = tf.tensor1d(used, 'int32');
          const found = tf.tensor1d(
            used.map(place => lies[place]!),
            'int32',
          );
          const weights = tf.randomNormal([used.length, spec.hiddenSize], 0, 1, 'float32', seed);
          const run = (packed: boolean) =>
            flatGradient(map, tf.tensor1d(flat), named => {
              const model = viewWeights(named);
              const input = { embeddings: embed(model, ids), mask, positions: positionsOf(mask) };
              const all = packed
                ? statesOf(spec, model, input, { packing: tensors(host) }).states
                : tf.reshape(forward(spec, model, input).hidden, [batch * time, -1]);
              const states = tf.gather(all, packed ? found : places);
              return { loss: tf.sum(tf.mul(tf.square(states), weights)) as tf.Scalar, metrics: {} };
            });
          const [plain, packed] = [run(false), run(true)];
          const scale = tf.max(tf.abs(plain.gradient)).dataSync()[0]!;
          expect(packed.loss.dataSync()[0]! / plain.loss.dataSync()[0]!).toBeCloseTo(1, 4);
          expect(tf.max(tf.abs(tf.sub(packed.gradient, plain.gradient))).dataSync()[0]! / scale).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 30 },
    );
  });
});

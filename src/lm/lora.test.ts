import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeEngine, compile, f32, i32, useDevice } from '../tensor/index.ts';
import { saveModel } from './checkpoint.ts';
import { flatGradient, views } from './flat.fixture.ts';
import { type LoraSettings, loraShapes } from './lora.ts';
import { hostView, initialise, layout } from './parameters.ts';
import { parameterShapes } from './spec.ts';
import { tinySpec as spec, tinyParameters, uniformsFrom } from './tiny.fixture.ts';
import { embed, forward, positionsOf } from './transformer.ts';
import { frozenWeights, viewWeights, withAdapters } from './weights.ts';

const settings: LoraSettings = { r: 3, alpha: 6, targets: ['q_proj', 'v_proj', 'down_proj'] };
const map = layout(loraShapes(spec, settings));
const full = layout(parameterShapes(spec));
const base = tinyParameters();
const folder = mkdtempSync(join(tmpdir(), 'lora-'));
const ids = i32([1, 2, 3, 4, 5, 6], [2, 3]);

beforeAll(() => {
  const tensors = full.entries.map(({ name, shape }) => [name, { shape, data: hostView(full, base, name) }] as const);
  saveModel(folder, spec, Object.fromEntries(tensors));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Batch = { flat: tf.Tensor1D; ids: tf.Tensor2D };

function hidden(weights: Parameters<typeof forward>[1], batch: { ids: tf.Tensor2D }): tf.Tensor3D {
  const mask = tf.ones<tf.Rank.R2>(batch.ids.shape);
  return forward(spec, weights, { embeddings: embed(weights, batch.ids), mask, positions: positionsOf(mask) }).hidden;
}

/** The base parameters with scale · B·A added, computed here. */
function merged(adapters: Float32Array): Float32Array {
  const out = base.slice();
  for (const { name, shape } of map.entries) {
    if (!name.includes('.lora_A.')) continue;
    const [r, width] = shape as [number, number];
    const a = hostView(map, adapters, name);
    const b = hostView(map, adapters, name.replace('lora_A', 'lora_B'));
    const target = hostView(full, out, name.replace('base_model.model.', '').replace('.lora_A', ''));
    for (let i = 0; i < target.length; i++) {
      const [row, column] = [Math.floor(i / width), i % width];
      for (let k = 0; k < r; k++) target[i]! += (settings.alpha / r) * b[row * r + k]! * a[k * width + column]!;
    }
  }
  return out;
}

describe('adapters', () => {
  it('have the names and shapes that PEFT gives them', () => {
    expect(map.entries).toHaveLength(2 * 3 * spec.layers);
    expect(map.entries.slice(0, 2)).toEqual([
      { name: 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', shape: [3, 12], offset: 0 },
      { name: 'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight', shape: [16, 3], offset: 36 },
    ]);
    expect(loraShapes(spec, { ...settings, targets: ['proj'] })).toEqual([]);
  });

  describe.each(['onnx', 'cpu'] as const)('on %s', device => {
    beforeEach(async () => {
      await useDevice(device);
    });
    afterAll(closeEngine);

    const adapted = compile('lora.adapted', (batch: Batch) =>
      hidden(withAdapters(frozenWeights(join(folder, 'model.safetensors')), views(map, batch.flat), settings), batch),
    );
    const plain = compile('lora.plain', (batch: Batch) => hidden(viewWeights(views(full, batch.flat)), batch));
    const distance = (a: { data: ArrayLike<number> }, b: { data: ArrayLike<number> }) =>
      Math.max(...Array.from(a.data, (x, i) => Math.abs(x - b.data[i]!)));

    it('begin without effect, and act as their product added to the weights', async () => {
      const adapters = initialise(map, { std: 0.3, stream: uniformsFrom(2) });
      const fresh = await adapted({ flat: f32(adapters, [map.size]), ids });
      const untouched = await plain({ flat: f32(base, [full.size]), ids });
      expect(distance(fresh, untouched)).toBeLessThan(1e-5);

      const next = uniformsFrom(3);
      const trained = adapters.map(x => x + next() - 0.5);
      const a = await adapted({ flat: f32(trained, [map.size]), ids });
      const b = await plain({ flat: f32(merged(trained), [full.size]), ids });
      expect(distance(a, untouched)).toBeGreaterThan(0.1);
      expect(distance(a, b)).toBeLessThan(1e-4);
    });

    it('take a gradient that is zero for A and not for B while B is zero', async () => {
      const gradient = compile('lora.gradient', (batch: Batch) =>
        flatGradient(map, batch.flat, named => {
          const weights = withAdapters(frozenWeights(join(folder, 'model.safetensors')), named, settings);
          return { loss: tf.mean(tf.square(tf.add(hidden(weights, batch), 1))) as tf.Scalar, metrics: {} };
        }),
      );
      const flat = initialise(map, { std: 0.3, stream: uniformsFrom(2) });
      const result = await gradient({ flat: f32(flat, [map.size]), ids });
      for (const { name } of map.entries) {
        const part = hostView(map, result.gradient.data as Float32Array, name);
        expect(
          part.some(x => x !== 0),
          name,
        ).toBe(name.includes('.lora_B.'));
      }
    });
  });
});

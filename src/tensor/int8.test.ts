/** Products in integers: how far a weight moves, and how far a product; what is not such a product is left alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats } from './agreement.fixture.ts';
import { closeEngine, compile, f32, frozen, type HostArray, tf, useDevice } from './index.ts';
import { BLOCK, quantise } from './int8.ts';
import { writeSafetensors } from './safetensors.ts';

describe('quantise', () => {
  it('moves no weight by more than half a scale, a 254th of the largest in its block', () => {
    const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -8, max: 8 }), {
      minLength: 3 * 70,
      maxLength: 3 * 70,
    });
    fc.assert(
      fc.property(row, weights => {
        const { values, scales, shape } = quantise(Float32Array.from(weights), 3);
        expect(shape).toEqual([3, 2, BLOCK]);
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 2 * BLOCK; j++) {
            const block = 2 * i + Math.floor(j / BLOCK);
            const value = (values[i * 2 * BLOCK + j]! - 128) * scales[block]!;
            if (j >= 70) expect(value).toBe(0);
            else expect(Math.abs(value - weights[i * 70 + j]!)).toBeLessThanOrEqual(0.501 * scales[block]! + 1e-30);
          }
        const largest = Math.max(...weights.slice(0, BLOCK).map(Math.abs));
        expect(scales[0]).toBeCloseTo(largest / 127, 6);
      }),
    );
  });
});

describe('a graph with int8', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'int8-'));
  const file = path.join(folder, 'weights.safetensors');
  const [wide, narrow] = [floats([48, 96], 3), floats([8, 48], 4)];

  beforeAll(() => {
    writeSafetensors(file, {
      wide: { dtype: 'F32', shape: [48, 96], data: wide.data as Float32Array },
      narrow: { dtype: 'F32', shape: [8, 48], data: narrow.data as Float32Array },
    });
  });
  afterAll(async () => {
    await closeEngine();
    rmSync(folder, { recursive: true });
  });

  type Inputs = { x: tf.Tensor2D; own: tf.Tensor2D };
  /** Two products with frozen matrices and a sum behind, a product with another one, rows of a frozen matrix. */
  const build = (int8: boolean) =>
    compile(
      'two layers',
      ({ x, own }: Inputs) => {
        const w = frozen(file, 'wide') as tf.Tensor2D;
        const h = tf.add<tf.Tensor2D>(tf.matMul(x, w, false, true), own);
        return {
          y: tf.matMul(h, frozen(file, 'narrow') as tf.Tensor2D, false, true),
          plain: tf.matMul(own, own, false, true),
          rows: tf.slice(w, [1, 0], [2, 96]),
        };
      },
      { int8 },
    );
  const inputs = { x: floats([5, 96], 5), own: floats([5, 48], 6) };
  const distance = (a: HostArray, b: HostArray) => {
    const norm = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0));
    return norm(Array.from(a.data, (value, i) => value - b.data[i]!)) / norm(b.data);
  };

  it('comes to nearly the products, and exactly to all else', async () => {
    await useDevice('onnx');
    const [int8, float] = [await build(true)(inputs), await build(false)(inputs)];
    expect(distance(int8.y, float.y)).toBeLessThan(0.02);
    expect(distance(int8.y, float.y)).toBeGreaterThan(1e-4);
    expect(int8.plain.data).toEqual(float.plain.data);
    expect(int8.rows.data).toEqual(float.rows.data);
  });

  it('computes in float32 on other devices', async () => {
    await useDevice('cpu');
    const [int8, float] = [await build(true)(inputs), await build(false)(inputs)];
    expect(int8.y.data).toEqual(float.y.data);
    expect(f32(int8.y.data, int8.y.shape).data.length).toBe(40);
  });
});

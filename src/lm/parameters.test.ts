import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostView, hostViews, initialise, layout, valueAndGradient } from './parameters.ts';
import { uniformsFrom } from './tiny.fixture.ts';

const map = layout([
  ['w', [2, 3]],
  ['norm', [3]],
  ['unused.bias', [2]],
]);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('layout', () => {
  it('places entries one after the other and refuses a repeated name', () => {
    expect(map.size).toBe(11);
    expect(map.entries.map(entry => entry.offset)).toEqual([0, 6, 9]);
    expect(() =>
      layout([
        ['a', [1]],
        ['a', [2]],
      ]),
    ).toThrow(/twice/);
  });

  it('shows the parts of a vector under their names, without copying', () => {
    const data = Float32Array.from({ length: 11 }, (_, i) => i);
    const named = hostViews(map, data);
    expect(named.norm!.data).toEqual(Float32Array.of(6, 7, 8));
    expect(named.w!.shape).toEqual([2, 3]);
    hostView(map, data, 'norm').fill(9);
    expect([...named.norm!.data]).toEqual([9, 9, 9]);
    expect(() => hostViews(map, new Float32Array(10))).toThrow(/Expected 11 parameters, got 10/);
    expect(() => hostView(map, data, 'absent')).toThrow(/absent/);
  });
});

describe('valueAndGradient', () => {
  it('gives a gradient per parameter, zero for unused ones, and leaks nothing', () => {
    const parameters = {
      w: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]),
      norm: tf.tensor1d([7, 8, 9]),
      'unused.bias': tf.tensor1d([10, 11]),
    };
    const before = tf.memory().numTensors;
    const result = tf.tidy(() =>
      valueAndGradient(parameters, named => {
        const y = tf.mul(named.w!, named.norm!);
        return { loss: tf.sum(y), metrics: { mean: tf.mean(y), loss: tf.sum(y) } };
      }),
    );
    expect(result.loss.dataSync()[0]).toBe(1 * 7 + 2 * 8 + 3 * 9 + 4 * 7 + 5 * 8 + 6 * 9);
    expect(Object.entries(result.gradient).map(([name, x]) => [name, [...x.dataSync()]])).toEqual([
      ['w', [7, 8, 9, 7, 8, 9]],
      ['norm', [5, 7, 9]],
      ['unused.bias', [0, 0]],
    ]);
    expect(result.metrics.mean!.dataSync()[0]).toBeCloseTo(result.loss.dataSync()[0]! / 6, 4);
    tf.dispose([result.loss, result.gradient, result.metrics]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(parameters);
  });
});

describe('initialise', () => {
  it('draws matrices at the asked spread, gains at one, biases and adapters at no effect', () => {
    const big = layout([
      ['m.weight', [100, 100]],
      ['norm.weight', [5]],
      ['norm.bias', [5]],
      ['m.lora_B.weight', [4, 2]],
    ]);
    const data = initialise(big, { std: 0.5, stream: uniformsFrom(3) });
    const matrix = hostView(big, data, 'm.weight');
    const square = matrix.reduce((sum, x) => sum + x * x, 0) / matrix.length;
    expect(Math.sqrt(square)).toBeCloseTo(0.5, 1);
    expect([...hostView(big, data, 'norm.weight')]).toEqual([1, 1, 1, 1, 1]);
    expect([...hostView(big, data, 'norm.bias'), ...hostView(big, data, 'm.lora_B.weight')].every(x => x === 0)).toBe(
      true,
    );
    expect(initialise(big, { std: () => 0.5, stream: uniformsFrom(3) })).toEqual(data);
  });
});

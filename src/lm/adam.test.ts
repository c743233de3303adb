import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { adamStep } from './adam.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const hyper = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, clip: 1 };

function tensors(step: number) {
  const named = Object.entries({ ...hyper, step }).map(([name, value]) => [name, tf.scalar(value)] as const);
  return Object.fromEntries(named) as Record<keyof typeof hyper | 'step', tf.Scalar>;
}

/** The same step in plain doubles, as in the paper's algorithm 2. */
function reference(p: number[], m: number[], v: number[], g: number[], step: number) {
  const norm = Math.hypot(...g);
  const scale = Math.min(1, hyper.clip / (norm + 1e-6));
  return p.map((x, i) => {
    const gi = g[i]! * scale;
    m[i] = hyper.beta1 * m[i]! + (1 - hyper.beta1) * gi;
    v[i] = hyper.beta2 * v[i]! + (1 - hyper.beta2) * gi * gi;
    const mHat = m[i]! / (1 - hyper.beta1 ** step);
    const vHat = v[i]! / (1 - hyper.beta2 ** step);
    return x * (1 - hyper.lr * hyper.weightDecay) - (hyper.lr * mHat) / (Math.sqrt(vHat) + hyper.eps);
  });
}

describe('adamStep', () => {
  it('follows the algorithm over three steps, clipped and unclipped', () => {
    let state = { params: tf.tensor1d([1, -2, 3]), m: tf.zeros<tf.Rank.R1>([3]), v: tf.zeros<tf.Rank.R1>([3]) };
    let expected = [1, -2, 3];
    const [m, v] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const gradients = [
      [0.1, -0.2, 0.3],
      [3, 4, -5],
      [0, 1e-3, -0.5],
    ];
    gradients.forEach((gradient, i) => {
      const result = adamStep({ ...state, ...tensors(i + 1), gradient: tf.tensor1d(gradient) });
      expected = reference(expected, m, v, gradient, i + 1);
      expect(result.gradNorm.dataSync()[0]).toBeCloseTo(Math.hypot(...gradient), 4);
      expect(result.finite.dataSync()[0]).toBe(1);
      result.params.dataSync().forEach((x, j) => {
        expect(x).toBeCloseTo(expected[j]!, 5);
      });
      state = result;
    });
  });

  it('sums several gradients and reports a non-finite one', () => {
    const state = { params: tf.tensor1d([1, 2]), m: tf.zeros<tf.Rank.R1>([2]), v: tf.zeros<tf.Rank.R1>([2]) };
    const rows = tf.tensor2d([
      [1, 2],
      [3, -1],
    ]);
    const list = [tf.tensor1d([1, 2]), tf.tensor1d([3, -1])];
    const a = adamStep({ ...state, ...tensors(1), gradient: rows });
    const b = adamStep({ ...state, ...tensors(1), gradient: list });
    expect(a.gradNorm.dataSync()[0]).toBeCloseTo(Math.hypot(4, 1), 4);
    expect(a.params.dataSync()).toEqual(b.params.dataSync());
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const result = adamStep({ ...state, ...tensors(1), gradient: tf.tensor1d([bad, 1]) });
      expect(result.finite.dataSync()[0]).toBe(0);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { createAdam } from './adam.ts';

const settings = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, maxGradNorm: 1 };
const lr = 0.1;

/** The same step as in the paper's algorithm 2, an element at a time. */
function reference(p: number[], m: number[], v: number[], g: number[], step: number) {
  const scale = Math.min(1, settings.maxGradNorm / (Math.hypot(...g) + 1e-6));
  return p.map((x, i) => {
    const gi = g[i]! * scale;
    m[i] = settings.beta1 * m[i]! + (1 - settings.beta1) * gi;
    v[i] = settings.beta2 * v[i]! + (1 - settings.beta2) * gi * gi;
    const mHat = m[i]! / (1 - settings.beta1 ** step);
    const vHat = v[i]! / (1 - settings.beta2 ** step);
    return x - lr * (mHat / (Math.sqrt(vHat) + settings.eps) + settings.weightDecay * x);
  });
}

const begin = (params: readonly number[]) => {
  const zeros = new Float32Array(params.length);
  return createAdam('test', { params: Float32Array.from(params), m: zeros, v: zeros }, 0);
};

describe('AdamW', () => {
  it.each([1, 3, 4, 9, 65])('follows the algorithm over three steps of %d parameters, clipped and unclipped', n => {
    let expected = Array.from({ length: n }, (_, i) => Math.sin(i + 1));
    const adam = begin(expected);
    const [m, v] = [Array<number>(n).fill(0), Array<number>(n).fill(0)];
    for (const [i, size] of [0.01, 3, 1e-4].entries()) {
      const values = expected.map((_, j) => size * Math.cos(3 * i + j));
      adam.gradient.set(values);
      const gradNorm = adam.norm();
      expect(gradNorm / Math.hypot(...values)).toBeCloseTo(1, 6);
      adam.step(settings, { step: i + 1, lr, gradNorm });
      expected = reference(expected, m, v, values, i + 1);
      adam.params.data.forEach((x, j) => {
        expect(x).toBeCloseTo(expected[j]!, 5);
      });
      expect(adam.params.version).toBe(i + 1);
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('has no finite norm for numbers with %d among them', bad => {
    const adam = begin([1, 2, 3, 4, 5]);
    for (let i = 0; i < 5; i++) {
      adam.gradient.fill(1).fill(bad, i, i + 1);
      expect(Number.isFinite(adam.norm())).toBe(false);
    }
  });

  it('refuses what WebAssembly cannot address', () => {
    const params = { length: 3e8, byteLength: 1.2e9 } as Float32Array;
    expect(() => createAdam('huge', { params, m: params, v: params }, 0)).toThrow(
      /at most 268 million .* got 300000000/,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { adamStep, norm } from './adam.ts';

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

describe('adamStep', () => {
  it('follows the algorithm over three steps, clipped and unclipped', () => {
    const vectors = { params: Float32Array.of(1, -2, 3), m: new Float32Array(3), v: new Float32Array(3) };
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
    gradients.forEach((values, i) => {
      const gradient = Float32Array.from(values);
      const gradNorm = norm(gradient);
      expect(gradNorm).toBeCloseTo(Math.hypot(...values), 5);
      adamStep({ ...vectors, gradient }, settings, { step: i + 1, lr, gradNorm });
      expected = reference(expected, m, v, values, i + 1);
      vectors.params.forEach((x, j) => {
        expect(x).toBeCloseTo(expected[j]!, 6);
      });
    });
  });
});

describe('norm', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('of numbers with %d among them is not finite', bad => {
    expect(Number.isFinite(norm(Float32Array.of(bad, 1)))).toBe(false);
  });
});

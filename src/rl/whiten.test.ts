import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainedVariance, moments, whiten } from './whiten.ts';

const entry = fc.record({ value: fc.float({ min: -10, max: 10, noNaN: true }), kept: fc.boolean() });
const batch = fc.array(entry, { minLength: 2, maxLength: 40 }).map(entries => ({
  values: Float32Array.from(entries, e => e.value),
  mask: Float32Array.from(entries, e => (e.kept ? 1 : 0)),
}));

describe('whiten', () => {
  it('gives mean 0 and variance 1 under the mask and 0 elsewhere', () => {
    fc.assert(
      fc.property(batch, ({ values, mask }) => {
        fc.pre(moments(values, mask).variance > 0.01);
        const white = whiten(values, mask);
        const { mean, variance } = moments(white, mask);
        expect(mean).toBeCloseTo(0, 5);
        expect(variance).toBeCloseTo(1, 4);
        expect(white.every((x, i) => mask[i] === 1 || x === 0)).toBe(true);
      }),
    );
  });

  it('does not read what stands at padding', () => {
    fc.assert(
      fc.property(batch, ({ values, mask }) => {
        const spoiled = values.map((value, i) => (mask[i] === 0 ? Number.NaN : value));
        expect(whiten(spoiled, mask)).toEqual(whiten(values, mask));
      }),
    );
  });

  it('stays finite for one value and for equal values', () => {
    expect([...whiten(Float32Array.of(5, 9), Float32Array.of(1, 0))]).toEqual([0, 0]);
    expect([...whiten(Float32Array.of(2, 2), Float32Array.of(1, 1))]).toEqual([0, 0]);
  });
});

describe('explainedVariance', () => {
  const mask = Float32Array.of(1, 1, 1, 0);
  const returns = Float32Array.of(1, 2, 3, 99);
  it('is 1 for the returns themselves, 0 for a constant', () => {
    expect(explainedVariance(returns, returns, mask)).toBe(1);
    expect(explainedVariance(Float32Array.of(2, 2, 2, 7), returns, mask)).toBeCloseTo(0, 6);
    expect(explainedVariance(returns, Float32Array.of(4, 4, 4, 4), mask)).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { type BootstrapSettings, bootstrap } from './bootstrap.ts';

const settings = (changes: Partial<BootstrapSettings> = {}): BootstrapSettings => ({
  resamples: 400,
  confidence: 0.95,
  rng: stream(1, 'bootstrap'),
  ...changes,
});

describe('bootstrap', () => {
  it('gives the mean, and an interval about it', () => {
    const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(values, numerator => {
        const { value, low, high } = bootstrap({ numerator }, settings());
        expect(value).toBeCloseTo(numerator.reduce((a, b) => a + b, 0) / numerator.length, 9);
        expect(low!).toBeLessThanOrEqual(value! + 1e-9);
        expect(high!).toBeGreaterThanOrEqual(value! - 1e-9);
        expect(low!).toBeGreaterThanOrEqual(Math.min(...numerator) - 1e-9);
        expect(high!).toBeLessThanOrEqual(Math.max(...numerator) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same stream, narrower for more problems and for less confidence', () => {
    const rng = stream(2, 'values');
    const values = Float64Array.from({ length: 400 }, rng);
    const width = (n: number, changes: Partial<BootstrapSettings> = {}) => {
      const { low, high } = bootstrap({ numerator: values.subarray(0, n) }, settings(changes));
      return high! - low!;
    };
    expect(width(50)).toBe(width(50));
    expect(width(400)).toBeLessThan(width(50));
    expect(width(50, { confidence: 0.5 })).toBeLessThan(width(50));
    // A uniform number's deviation is .29: the interval of 400 is about 4 · .29 / 20 wide.
    expect(width(400)).toBeGreaterThan(0.04);
    expect(width(400)).toBeLessThan(0.075);
  });

  it('takes ratios of sums, resampled together, and maps them', () => {
    const parts = { numerator: [1, 2, 3, 4], denominator: [2, 4, 6, 8] };
    const half = bootstrap(parts, settings({ transform: x => 1 - x }));
    expect(half).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    const falling = bootstrap({ numerator: [0, 1, 2, 3] }, settings({ transform: x => -x }));
    expect(falling.value).toBe(-1.5);
    expect(falling.low!).toBeLessThan(falling.high!);
  });

  it('has nothing to say of nothing, and no doubt about one problem or equal ones', () => {
    const nothing = { value: null, low: null, high: null };
    expect(bootstrap({ numerator: [] }, settings())).toEqual(nothing);
    expect(bootstrap({ numerator: [1, 2], denominator: [0, 0] }, settings())).toEqual(nothing);
    expect(bootstrap({ numerator: [3] }, settings())).toEqual({ value: 3, low: 3, high: 3 });
    expect(bootstrap({ numerator: [0.25, 0.25, 0.25] }, settings())).toEqual({ value: 0.25, low: 0.25, high: 0.25 });
  });

  it('leaves out resamples without a denominator', () => {
    const { value, low, high } = bootstrap({ numerator: [1, 0], denominator: [1, 0] }, settings());
    expect([value, low, high]).toEqual([1, 1, 1]);
  });
});

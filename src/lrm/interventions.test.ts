import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causalOf, perIntervention, variantsOf } from './interventions.ts';

const close = (a: readonly number[], b: readonly number[]) => a.every((x, i) => Math.abs(x - b[i]!) < 1e-5);

describe('variants', () => {
  it('are mixtures: of one other problem, of nothing, of all, and of the own with a difference', () => {
    const { variants, mixture } = variantsOf({ rows: 4, subjects: 4, shifts: [1, 3], latents: 1 });
    expect(variants.map(({ site, k }) => `${site} ${k}`)).toEqual([
      ...Array(6).fill('input 0'),
      ...Array(6).fill('readout 0'),
      ...Array(6).fill('readout 1'),
    ]);
    expect(variants.slice(0, 6).map(({ kind }) => kind)).toEqual(['swap', 'swap', 'zero', 'mean', 'noise', 'noise']);
    const row = (b: number, v: number) => [...mixture.subarray((b * 18 + v) * 4, (b * 18 + v + 1) * 4)];
    for (const place of [0, 6, 12]) {
      expect(row(0, place)).toEqual([0, 1, 0, 0]);
      expect(row(2, place + 1)).toEqual([0, 1, 0, 0]);
      expect(row(1, place + 2)).toEqual([0, 0, 0, 0]);
      expect(row(3, place + 3)).toEqual([0.25, 0.25, 0.25, 0.25]);
      expect(close(row(0, place + 4), [1, Math.SQRT1_2, 0, -Math.SQRT1_2])).toBe(true);
      expect(close(row(0, place + 5), [1, -Math.SQRT1_2, 0, Math.SQRT1_2])).toBe(true);
    }
  });

  it('keep the mean of what they mix, but for nothing; take one place each; and weigh as much for each kind and state', () => {
    const shape = fc.integer({ min: 3, max: 12 }).chain(rows =>
      fc.record({
        rows: fc.constant(rows),
        subjects: fc.integer({ min: 1, max: rows }),
        shifts: fc.uniqueArray(fc.integer({ min: 1, max: rows - 1 }), { minLength: 0, maxLength: 4 }),
        latents: fc.integer({ min: 1, max: 3 }),
      }),
    );
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
    fc.assert(
      fc.property(shape, request => {
        const { rows, subjects, shifts, latents } = request;
        const { variants, mixture, input, readout, hidden } = variantsOf(request);
        expect(new Set(variants.map(({ kind }) => kind)).has('noise')).toBe(shifts.length > 1);
        for (let row = 0; row < subjects * variants.length; row++) {
          const { site, kind } = variants[row % variants.length]!;
          const own = (places: Float32Array, width: number) => sum(places.subarray(row * width, (row + 1) * width));
          expect(own(mixture, rows)).toBeCloseTo(kind === 'zero' ? 0 : 1, 5);
          expect(own(input, latents)).toBe(Number(site === 'input'));
          expect(own(hidden, latents + 1)).toBe(Number(site === 'readout' && kind === 'zero'));
          expect(own(readout, latents + 1)).toBe(Number(site === 'readout' && kind !== 'zero'));
        }
        const places = 2 * latents + 1;
        const kinds = 1 + (shifts.length > 0 ? 2 : 0) + Number(shifts.length > 1);
        expect(sum(variants.map(({ weight }) => weight))).toBeCloseTo(places * kinds, 5);
      }),
    );
  });
});

it('the scores of one problem’s steps are taken from its own row', () => {
  const scores = perIntervention(() => Float32Array.from({ length: 6 }, (_, i) => i));
  expect(causalOf(scores, 3, 1, [0, 2])).toEqual(perIntervention(() => [3, 5]));
});

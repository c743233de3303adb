import fc from 'fast-check';
import { expect, it } from 'vitest';
import { onPlane, principalPlane } from './plane.ts';

const D = 5;
const rows = fc
  .array(fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: D, maxLength: D }), {
    minLength: 1,
    maxLength: 30,
  })
  .map(list => Float32Array.from(list.flat()));

const variance = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
};
const column = (flat: ArrayLike<number>, at: number, of: number) => Array.from(flat).filter((_, i) => i % of === at);

it('two axes of one length at right angles, that explain as much as the places on them vary', () => {
  fc.assert(
    fc.property(rows, given => {
      const plane = principalPlane(given, D);
      const [a, b] = plane.axes;
      const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      expect([dot(a, a), dot(b, b), dot(a, b)].map(x => Math.round(1e6 * x) / 1e6 + 0)).toEqual([1, 1, 0]);
      const total = Array.from({ length: D }, (_, k) => variance(column(given, k, D))).reduce((x, y) => x + y, 0);
      const places = onPlane(plane, given);
      const [x, y] = [0, 1].map(at => variance(column(places, at, 2)));
      expect(x! - plane.explained[0] * total).toBeCloseTo(0, 2);
      expect(y! - plane.explained[1] * total).toBeCloseTo(0, 2);
      expect(plane.explained[0]).toBeGreaterThanOrEqual(plane.explained[1]);
      for (let k = 0; k < D; k++) expect(variance(column(given, k, D))).toBeLessThanOrEqual(x! + 0.01);
    }),
  );
});

it('finds the plane that points lie in, and the same axes whatever else lies in the file', () => {
  const given = Float32Array.from([0, 0, 1, 0, 0, 0, 3, 1, 0, 0, 0, -3, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, -1]);
  const plane = principalPlane(given, D);
  expect(plane.explained).toEqual([expect.closeTo(0.9, 6), expect.closeTo(0.1, 6)]);
  const round = (values: Iterable<number>) => Array.from(values, x => Math.round(x * 1e4) / 1e4 + 0);
  expect(round(plane.axes[0])).toEqual([0, 1, 0, 0, 0]);
  expect(round(plane.axes[1])).toEqual([0, 0, 0, 0, 1]);
  expect(round(onPlane(plane, given))).toEqual([0, 0, 3, 0, -3, 0, 0, 1, 0, -1]);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitted, nearestTo, nextTo, placed, zoomed } from './mapPlane.ts';

const number = fc.double({ min: -100, max: 100, noNaN: true });
const point = fc.record({ x: number, y: number });
const points = fc.array(point, { minLength: 1, maxLength: 20 });
const extent = { width: 640, height: 480 };

it('all points are in sight, the higher ones above the lower', () => {
  fc.assert(
    fc.property(points, given => {
      const placement = fitted(given, extent);
      for (const { x, y } of given.map(one => placed(placement, one))) {
        expect(x > -1e-6 && x < extent.width + 1e-6).toBe(true);
        expect(y > -1e-6 && y < extent.height + 1e-6).toBe(true);
      }
      const [first, last] = [given[0]!, given.at(-1)!];
      if (first.y > last.y) expect(placed(placement, first).y).toBeLessThanOrEqual(placed(placement, last).y);
    }),
  );
});

it('enlarging leaves the point under the pointer where it is, and a click there finds it', () => {
  fc.assert(
    fc.property(points, fc.nat(), fc.double({ min: 0.5, max: 4, noNaN: true }), (given, pick, by) => {
      const one = given[pick % given.length]!;
      const placement = fitted(given, extent);
      const under = placed(placement, one);
      const larger = zoomed(placement, by, under);
      const { x, y } = placed(larger, one);
      expect(Math.hypot(x - under.x, y - under.y)).toBeLessThan(1e-6 * larger.scale + 1e-6);
      const found = nearestTo(given, larger, under, 1)!;
      expect(Math.hypot(placed(larger, found).x - under.x, placed(larger, found).y - under.y)).toBeLessThan(1e-3);
    }),
  );
});

it('points that lie on one another are found where they are', () => {
  const one = { x: 0, y: -100 };
  const placement = zoomed(fitted([one, one], extent), 4, { x: 320, y: 240 });
  expect(placed(placement, one).x).toBeCloseTo(320, 3);
  expect(placed(placement, one).y).toBeCloseTo(240, 3);
});

it('an arrow key goes on in its direction, and from every point that has one ahead', () => {
  fc.assert(
    fc.property(points, fc.nat(), (given, pick) => {
      const from = given[pick % given.length]!;
      const next = nextTo(given, from, 'ArrowRight');
      const ahead = given.filter(({ x, y }) => x > from.x && Math.abs(y - from.y) <= x - from.x);
      expect(next === undefined).toBe(ahead.length === 0);
      if (next) expect(ahead).toContain(next);
    }),
  );
  expect(
    nextTo(
      [
        { x: 0, y: 5 },
        { x: 0, y: -5 },
      ],
      { x: 0, y: 0 },
      'ArrowUp',
    ),
  ).toEqual({ x: 0, y: 5 });
});

/** Where the points of a map lie on the screen, and which of them is meant: by the pointer, or by an arrow key. */

/** Pixels per unit, and where the origin lies. */
export interface Placement {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Units that the points are taken to lie apart at the least: smaller ones would be lost in what numbers hold. */
const SMALLEST_SPAN = 1e-6;

/** Pixels around the outermost points. */
const MARGIN = 28;

/** A placement that has all of some points in sight. */
export function fitted(points: readonly Point[], { width, height }: Extent): Placement {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (left > right) return { scale: 1, left: width / 2, top: height / 2 };
  const room = (size: number, span: number) => Math.max(1, size - 2 * MARGIN) / Math.max(span, SMALLEST_SPAN);
  const scale = Math.min(room(width, right - left), room(height, high - low));
  return { scale, left: width / 2 - (scale * (left + right)) / 2, top: height / 2 + (scale * (low + high)) / 2 };
}

/** Upwards is up: y grows against the screen's. */
export const placed = ({ scale, left, top }: Placement, { x, y }: Point): Point => ({
  x: left + scale * x,
  y: top - scale * y,
});

/** Larger or smaller around a point of the screen. */
export const zoomed = ({ scale, left, top }: Placement, by: number, { x, y }: Point): Placement => ({
  scale: scale * by,
  left: x - by * (x - left),
  top: y - by * (y - top),
});

/** The point nearest to a place of the screen, at most so many pixels away; undefined where there is none. */
export function nearestTo<P extends Point>(
  points: readonly P[],
  placement: Placement,
  at: Point,
  within = Number.POSITIVE_INFINITY,
): P | undefined {
  let found: P | undefined;
  let least = within;
  for (const point of points) {
    const { x, y } = placed(placement, point);
    const distance = Math.hypot(x - at.x, y - at.y);
    if (distance <= least) [found, least] = [point, distance];
  }
  return found;
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] } as const;
export type Arrow = keyof typeof DIRECTIONS;
export const isArrow = (key: string): key is Arrow => Object.hasOwn(DIRECTIONS, key);

/** The next point in a direction: sideways counts double, and what lies more sideways than ahead is not meant. */
export function nextTo<P extends Point>(points: readonly P[], from: P, arrow: Arrow): P | undefined {
  const [dx, dy] = DIRECTIONS[arrow];
  let found: P | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const [x, y] = [point.x - from.x, point.y - from.y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead <= 0 || aside > ahead) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) [found, least] = [point, cost];
  }
  return found;
}

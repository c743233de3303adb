/**
 * Anchors: named points of an explicit chain of thought, at which the state after a prefix of the chain may be what a latent
 * says. Step numbers count from 1; within a step a prefix ends after its first number or word (`open`), before its last one, which
 * is its result (`before`), after it (`result`), or with the step (`end`).
 */

export const POINTS = ['open', 'before', 'result', 'end'] as const;
export type Point = (typeof POINTS)[number];

export interface Anchor {
  readonly step: number;
  readonly point: Point;
}

export const anchorName = ({ step, point }: Anchor): string => `${step}.${point}`;

/** Undoes `anchorName`; undefined where the text is no anchor. */
export function parseAnchor(text: string): Anchor | undefined {
  const [, step, point] = /^([1-9]\d{0,3})\.(.*)$/.exec(text) ?? [];
  return point !== undefined && isPoint(point) ? { step: Number(step), point } : undefined;
}

/** Whether a text is a point, without a step. */
export const isPoint = (text: string): text is Point => POINTS.includes(text as Point);

/** Every anchor of the first `steps` steps. */
export function anchorsOf(steps: number): Anchor[] {
  return Array.from({ length: steps }, (_, i) => POINTS.map(point => ({ step: i + 1, point }))).flat();
}

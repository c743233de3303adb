/** How groups of points look: each has a colour and a shape of its own, so that they are told apart without seeing colour. */

/** Paths around the origin, in a square of two units. */
const SHAPES = [
  'M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z',
  'M-.85 -.85H.85V.85H-.85Z',
  'M0 -1.1L1.05 .8H-1.05Z',
  'M0 -1.2L1.2 0L0 1.2L-1.2 0Z',
  'M-.35 -1.1H.35V-.35H1.1V.35H.35V1.1H-.35V.35H-1.1V-.35H-.35Z',
  'M0 1.1L1.05 -.8H-1.05Z',
  'M-1.05 -.6L-.6 -1.05L0 -.45L.6 -1.05L1.05 -.6L.45 0L1.05 .6L.6 1.05L0 .45L-.6 1.05L-1.05 .6L-.45 0Z',
] as const;

/** As many as the style sheet has. */
export const COLOURS = 6;

export interface Mark {
  readonly path: string;
  /** Name of a custom property of the style sheet. */
  readonly colour: string;
}

/** Six colours and seven shapes give 42 different marks. Groups from low to high take colours that go the same way, and grey what has no place among them. */
export function markOf(group: number, ordered: boolean): Mark {
  const path = SHAPES[group % SHAPES.length]!;
  if (!ordered) return { path, colour: `--run-${group % COLOURS}` };
  return { path, colour: group < COLOURS ? `--ramp-${group}` : '--soft' };
}

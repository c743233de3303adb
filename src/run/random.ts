/**
 * Random streams, named and derived: everything random in a run comes from
 * `stream(seed, purpose, ...indices)`, so a draw depends on what it is for and on
 * nothing else, neither on the order of work nor on the worker that does it.
 * The same name always gives the same numbers; different names are unrelated.
 */
import seedrandom from 'seedrandom';

/** Draws the next number, uniform in [0, 1). */
export type Stream = () => number;

/**
 * The stream of this purpose. The seeds `7` and `'7'` are one seed, as they are in YAML and on a command line.
 * Indices say which one of many, for instance (update, sample).
 */
export function stream(seed: number | string, purpose: string, ...indices: readonly number[]): Stream {
  return seedrandom(JSON.stringify([String(seed), purpose, ...indices]));
}

const FLOAT32_STEPS = 2 ** 24;

/** `count` numbers -> Float32Array [count], uniform in [0, 1) after rounding too: 1 is never reached. */
export function uniforms(draw: Stream, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => Math.floor(draw() * FLOAT32_STEPS) / FLOAT32_STEPS);
}

/** One standard normal number (Box-Muller); takes two numbers from the stream. */
export function normal(draw: Stream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - draw()));
  return radius * Math.cos(2 * Math.PI * draw());
}

/** A whole number, uniform in 0 … `bound` - 1. */
export function integer(draw: Stream, bound: number): number {
  return Math.floor(draw() * bound);
}

/** One of the items, each as likely; there is at least one. */
export const pick = <T>(draw: Stream, items: readonly T[]): T => items[integer(draw, items.length)] as T;

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(draw: Stream, items: readonly T[]): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = integer(draw, last + 1);
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}

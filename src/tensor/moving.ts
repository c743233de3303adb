/**
 * Says which buffers of a task's result leave the worker by move instead of by copy. A task returns `moving(result, buffers)`;
 * the worker posts the result with those buffers in its transfer list. Explicit, because a moved buffer is emptied where it was:
 * only an array that nobody in the worker keeps may be moved. Outside a worker the mark has no effect.
 */

const marks = new WeakMap<object, readonly ArrayBuffer[]>();

/** Marks `value` so that `arrays` move with it. Arrays over shared memory are left out (they are never copied anyway). */
export function moving<T extends object>(value: T, arrays: readonly ArrayBufferView[]): T {
  marks.set(value, buffersOf(arrays));
  return value;
}

/** The buffers that `moving` named for `value`; none if it was not marked. */
export function movedBuffers(value: unknown): readonly ArrayBuffer[] {
  return (typeof value === 'object' && value !== null && marks.get(value)) || [];
}

/**
 * Gives the memory of arrays back at once. Left to the garbage collector, arrays of megabytes have it mark everything else again
 * and again.
 */
export function discard(arrays: readonly ArrayBufferView[]): void {
  structuredClone(undefined, { transfer: buffersOf(arrays) });
}

/** Each once; those over shared memory are left out. */
function buffersOf(arrays: readonly ArrayBufferView[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  return [...buffers];
}

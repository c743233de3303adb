/**
 * Float32 arrays that all threads of a process see: how parameters go out to the workers.
 * ONNX Runtime refuses arrays over shared memory, so a worker computes on a private copy, refreshed only when the version
 * changed. The version is kept twice: in the record, as the one its sender meant, and in the shared memory itself. They must
 * agree before and after copying; a reader that a writer overtook gets an error, never a mixture of two versions.
 */
import { threadId } from 'node:worker_threads';
import { RecodiError } from './errors.ts';

export type SharedFloats = {
  readonly id: string;
  version: number;
  /** Over a SharedArrayBuffer, behind a header that holds the version. */
  readonly data: Float32Array;
};

/** What lies before the values: their version. */
export const SHARED_HEADER_BYTES = 64;
const WRITING = -1;
const MOST_COPIES = 24;

let created = 0;
const copies = new Map<string, { version: number; data: Float32Array }>();

/**
 * Shared memory holding a copy of `init` as version `version`, at the beginning of `buffer` if there is one. Ids stay unique within a
 * process, whatever `id` is.
 */
export function createShared(
  id: string,
  init: Float32Array,
  version = 0,
  buffer = new SharedArrayBuffer(SHARED_HEADER_BYTES + init.byteLength),
): SharedFloats {
  const data = new Float32Array(buffer, SHARED_HEADER_BYTES, init.length);
  data.set(init);
  created += 1;
  const shared = { id: `${id}#${threadId}.${created}`, version, data };
  Atomics.store(header(shared), 0, version);
  return shared;
}

/**
 * This thread's private copy of `shared` at the record's version; refreshed in place, so it is valid until the next call for
 * the same id and must not be written to. Throws `internal` when the shared memory holds another version.
 */
export function localCopy(shared: SharedFloats): Float32Array {
  const held = copies.get(shared.id);
  const data = held?.data ?? new Float32Array(shared.data.length);
  if (held?.version !== shared.version) {
    copies.delete(shared.id);
    demand(shared);
    data.set(shared.data);
    demand(shared);
  }
  remember(shared.id, shared.version, data);
  return data;
}

/**
 * Has `write` change the values, which then are the version after `shared.version`. Only the record's owner may, and only while
 * nobody reads.
 */
export function rewrite(shared: SharedFloats, write: (data: Float32Array) => void): void {
  demand(shared);
  const stamp = header(shared);
  Atomics.store(stamp, 0, WRITING);
  write(shared.data);
  shared.version += 1;
  Atomics.store(stamp, 0, shared.version);
}

const header = (shared: SharedFloats) => new Int32Array(shared.data.buffer, 0, 1);

function demand(shared: SharedFloats): void {
  const found = Atomics.load(header(shared), 0);
  if (found === shared.version) return;
  const state = found === WRITING ? 'is being written' : `is at version ${found}`;
  throw new RecodiError('internal', `expected ${shared.id} at version ${shared.version}, but it ${state}`);
}

function remember(id: string, version: number, data: Float32Array): void {
  copies.delete(id);
  copies.set(id, { version, data });
  for (const oldest of copies.keys()) {
    if (copies.size <= MOST_COPIES) return;
    copies.delete(oldest);
  }
}

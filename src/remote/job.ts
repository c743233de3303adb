/**
 * A worker's end of one job: the order is checked, what it names is fetched, and the task runs in the worker's own pool, so that
 * the thread that keeps the job's lock alive never computes. Whatever the task does is an outcome that travels back; running
 * a job twice gives the same outcome under the same name.
 */
import { RecodiError } from '../run/errors.ts';
import type { Pool } from '../tensor/pool.ts';
import { createShared, type SharedFloats } from '../tensor/shared.ts';
import { flatten } from '../tensor/taskError.ts';
import { type Blob, sha256 } from './blobs.ts';
import { decode, encode } from './codec.ts';
import { type Answer, type Order, orderSchema } from './orders.ts';
import { type Ground, pathOf } from './places.ts';
import { type RemoteTasks, withPath } from './tasks.ts';

export interface Bench {
  readonly worker: string;
  readonly run: string;
  readonly pool: Pool;
  readonly tasks: RemoteTasks;
  readonly ground: Ground;
  readonly vectors: Vectors;
}

/** Does what `data` orders; the answer's text is what the queue keeps. */
export async function perform(bench: Bench, data: unknown): Promise<string> {
  const { worker, ground, pool } = bench;
  const answer = async (outcome?: object): Promise<string> => {
    const blob = outcome && (await ground.blobs.put(encode(outcome).bytes));
    return JSON.stringify({ worker, ...(blob && { outcome: blob }) } satisfies Answer);
  };
  try {
    const order = orderSchema.safeParse(data);
    if (!order.success) throw new RecodiError('input', 'a job that is not as this version of recodi writes it.');
    const known = bench.tasks[order.data.task];
    if (!known || !Object.hasOwn(bench.tasks, order.data.task))
      throw new RecodiError('input', `"${order.data.task}" is no task that a worker does.`);
    const input = await fetchInput(bench, order.data, known.paths);
    if (input === undefined) return answer();
    const value = await pool.run({ module: known.task.module, name: known.task.name }, input.value);
    return await answer({ ok: true, value, stats: pool.stats() });
  } catch (error) {
    return answer({ ok: false, error: flatten(error), stats: pool.stats() });
  }
}

/** Undefined where something is lost. */
async function fetchInput(
  bench: Bench,
  order: Order,
  fields: readonly string[],
): Promise<{ value: unknown } | undefined> {
  const { ground, vectors, run } = bench;
  const bytes = await ground.blobs.get(order.input);
  if (!bytes) return undefined;
  const shared: SharedFloats[] = [];
  for (const { id, version, blob } of order.shared) {
    const floats = await vectors.get(`${run}/${id}`, version, blob);
    if (!floats) return undefined;
    shared.push(floats);
  }
  let value = decode(bytes, shared);
  for (const field of fields) {
    const place = order.places[field];
    if (!place) continue;
    const path = await pathOf(place, ground);
    if (path === undefined) return undefined;
    value = withPath(value, field, path);
  }
  return { value };
}

export interface Vectors {
  get(id: string, version: number, blob: Blob): Promise<SharedFloats | undefined>;
}

/** Vectors of this worker: memory that all threads of its pool see, under the sender's id and version. */
export function createVectors(blobs: Ground['blobs']): Vectors {
  const held = new Map<string, { readonly key: string; readonly floats: Promise<SharedFloats | undefined> }>();

  async function fetch(id: string, version: number, blob: Blob): Promise<SharedFloats | undefined> {
    const bytes = await blobs.get(blob);
    if (!bytes) return undefined;
    if (bytes.length % 4 !== 0)
      throw new RecodiError('input', `expected float32 numbers for ${id}, got ${bytes.length} bytes`);
    const floats = new Float32Array(new Uint8Array(bytes).buffer);
    // A new memory for each version: a task that is still at the one before must not see it change.
    return { ...createShared(id, floats, version), id };
  }

  return {
    get(id, version, blob) {
      const key = `${version} ${sha256(Buffer.from(blob.join()))}`;
      const known = held.get(id);
      if (known?.key === key) return known.floats;
      const floats = fetch(id, version, blob);
      held.set(id, { key, floats });
      floats.then(
        found => found === undefined && held.get(id)?.floats === floats && held.delete(id),
        () => held.delete(id),
      );
      return floats;
    },
  };
}

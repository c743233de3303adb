/**
 * The trainer's end of what travels: inputs become orders, answers become values. A shared vector is sent once per version and
 * the version before it is taken out of Redis; files of a run are sent once as long as they do not change.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RecodiError } from '../run/errors.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { revive } from '../tensor/taskError.ts';
import { BLOB_SECONDS, type Blob, type BlobStore } from './blobs.ts';
import { decode, encode } from './codec.ts';
import type { LocalModel } from './models.ts';
import { answerSchema, type Order, outcomeSchema } from './orders.ts';
import { type Place, placeOf } from './places.ts';
import { pathAt, type RemoteTasks, withPath } from './tasks.ts';

/** How long what was sent is taken to be still there. */
const FRESH_MS = (BLOB_SECONDS * 1000) / 3;

export interface Packing {
  pack(name: string, input: unknown): Promise<Order>;
  unpack(answer: string, name: string): Promise<{ readonly value: unknown } | undefined>;
  discard(order: Order): void;
  /** Sends everything anew: Redis may have lost it. */
  forget(): void;
  /** Engine counters, summed over the workers. */
  stats(): readonly Readonly<Record<string, number>>[];
}

interface Sent<T> {
  readonly at: number;
  readonly what: Promise<T>;
}

export function createPacking(tasks: RemoteTasks, models: readonly LocalModel[], blobs: BlobStore): Packing {
  const vectors = new Map<string, Sent<Blob> & { readonly version: number }>();
  const places = new Map<string, Sent<Place>>();
  const stats = new Map<string, Readonly<Record<string, number>>>();
  const fresh = (sent: Sent<unknown> | undefined) => sent !== undefined && performance.now() - sent.at < FRESH_MS;

  function vector(shared: SharedFloats): Promise<Blob> {
    const { id, version } = shared;
    const known = vectors.get(id);
    if (known?.version === version && fresh(known)) return known.what;
    const what = blobs.put(bytesOf(localCopy(shared).slice()));
    vectors.set(id, { version, what, at: performance.now() });
    what.catch(() => vectors.delete(id));
    if (known && known.version !== version) void dropUnused(known.what).catch(() => {});
    return what;
  }

  /** Two vectors of the same content, as a policy before its first step and its reference, are one blob. */
  async function dropUnused(old: Promise<Blob>): Promise<void> {
    const used = new Set((await Promise.all([...vectors.values()].map(({ what }) => what))).flat());
    await blobs.drop((await old).filter(hash => !used.has(hash)));
  }

  function place(path: string): Promise<Place> {
    const key = `${path} ${stamp(path)}`;
    const known = places.get(key);
    if (known && fresh(known)) return known.what;
    const what = placeOf(path, models, blobs);
    places.set(key, { what, at: performance.now() });
    what.catch(() => places.delete(key));
    return what;
  }

  return {
    async pack(name, input) {
      let plain = input;
      const found: Record<string, Place> = {};
      for (const field of tasks[name]?.paths ?? []) {
        const path = pathAt(input, field);
        if (path === undefined) continue;
        found[field] = await place(path);
        plain = withPath(plain, field, '');
      }
      const { bytes, shared } = encode(plain);
      const sent = shared.map(async one => ({ id: one.id, version: one.version, blob: await vector(one) }));
      return { task: name, places: found, shared: await Promise.all(sent), input: await blobs.put(bytes) };
    },

    async unpack(text, name) {
      const { worker, outcome } = answerSchema.parse(JSON.parse(text));
      const bytes = outcome && (await blobs.get(outcome));
      if (!outcome || !bytes) {
        vectors.clear();
        places.clear();
        return undefined;
      }
      const parsed = outcomeSchema.safeParse(decode(bytes));
      if (!parsed.success)
        throw new RecodiError('input', `worker ${worker} answered task ${name} with something else than an outcome.`);
      stats.set(worker, parsed.data.stats);
      void blobs.drop(outcome).catch(() => {});
      if (!parsed.data.ok) throw revive(parsed.data.error, `${name} on worker ${worker}`);
      return { value: parsed.data.value };
    },

    discard: order => void blobs.drop(order.input).catch(() => {}),
    forget() {
      vectors.clear();
      places.clear();
    },
    stats: () => [...stats.values()],
  };
}

const bytesOf = (floats: Float32Array) => new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);

/** Changes where a folder's files change. */
function stamp(path: string): string {
  const full = resolve(path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return '';
  return readdirSync(full)
    .map(name => statSync(join(full, name), { throwIfNoEntry: false }))
    .map(file => `${file?.size} ${file?.mtimeMs}`)
    .join();
}

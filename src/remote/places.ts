/**
 * Paths on their way between machines. A path in a task's input leaves the trainer as what lies there: a model's folder or its
 * weights as the model's hash, any other folder (the run's views) as its few files, which a worker lays into a folder of its
 * own under the hash of their names and contents. A path that is neither cannot be sent.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { RecodiError } from '../run/errors.ts';
import { onFile } from '../run/files.ts';
import { type BlobStore, blobSchema, sha256 } from './blobs.ts';
import type { LocalModel } from './models.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);

export const placeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), hash }),
  z.strictObject({ kind: z.literal('weights'), hash }),
  z.strictObject({ kind: z.literal('files'), files: z.record(fileName, blobSchema) }),
]);
export type Place = z.infer<typeof placeSchema>;

const MOST_FILES_BYTES = 256 * 2 ** 20;

/** The trainer's side: what lies at a path. @throws RecodiError('input') for a folder that is too large to send. */
export async function placeOf(path: string, models: readonly LocalModel[], blobs: BlobStore): Promise<Place> {
  const full = resolve(path);
  const folder = models.find(model => model.folder === full);
  if (folder) return { kind: 'model', hash: folder.hash };
  const weights = models.find(model => resolve(model.weightsFile) === full);
  if (weights) return { kind: 'weights', hash: weights.hash };
  const names = onFile(full, () => readdirSync(full)).filter(name => statSync(join(full, name)).isFile());
  const total = names.reduce((sum, name) => sum + statSync(join(full, name)).size, 0);
  if (total > MOST_FILES_BYTES)
    throw new RecodiError(
      'input',
      `${full}: ${total} bytes, more than the ${MOST_FILES_BYTES} that are sent to workers; only models may be larger, and they are not sent.`,
    );
  const files: Record<string, string[]> = {};
  for (const name of names.sort()) {
    if (!fileName.safeParse(name).success)
      throw new RecodiError('input', `${join(full, name)}: a name that is not sent to workers.`);
    files[name] = await blobs.put(readFileSync(join(full, name)));
  }
  return { kind: 'files', files };
}

/** The worker's side. */
export interface Ground {
  /** Hash -> this machine's model. */
  readonly models: ReadonlyMap<string, LocalModel>;
  /** Where sent files are laid. */
  readonly folder: string;
  readonly blobs: BlobStore;
}

/** The path of a place on this machine, or undefined where a file is lost on the way. @throws RecodiError('input') for a model that is not here. */
export async function pathOf(place: Place, { models, folder, blobs }: Ground): Promise<string | undefined> {
  if (place.kind === 'files') return lay(place.files, folder, blobs);
  const model = models.get(place.hash);
  if (model) return place.kind === 'model' ? model.folder : model.weightsFile;
  throw new RecodiError(
    'input',
    `the task needs the model ${place.hash.slice(0, 12)}, which this worker does not have.`,
  );
}

async function lay(files: Record<string, string[]>, folder: string, blobs: BlobStore): Promise<string | undefined> {
  const name = sha256(Buffer.from(JSON.stringify(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))));
  const target = join(folder, name);
  if (existsSync(target)) return target;
  const making = `${target}.${randomUUID()}`;
  mkdirSync(making, { recursive: true });
  for (const [file, blob] of Object.entries(files)) {
    const bytes = await blobs.get(blob);
    if (!bytes) {
      rmSync(making, { recursive: true });
      return undefined;
    }
    writeFileSync(join(making, file), bytes);
  }
  if (existsSync(target)) rmSync(making, { recursive: true });
  else renameSync(making, target);
  return target;
}

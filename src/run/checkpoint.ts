/**
 * Checkpoints: one folder per step with `state.json` (all that is small) and `arrays.safetensors` (all that is not).
 *
 * A folder is written under a temporary name, flushed and renamed, so that what has a number is whole. The files `last`
 * and `best` hold a folder's name. Loading checks the format, the arrays' SHA-256 and the state against its schema;
 * the newest checkpoint that passes is the one to go on from.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { openSafetensors, writeSafetensors } from '../tensor/safetensors.ts';
import { FORMAT } from './config/common.ts';
import { RecodiError, show } from './errors.ts';
import { makeFolder, onFile, readJson, readText, syncFolder, writeFileAtomic, writeJson } from './files.ts';

const STATE = 'state.json';
const ARRAYS = 'arrays.safetensors';
/** Beginning of a folder's name while it is written or removed. */
export const UNFINISHED = '.writing-';

export type Pointer = 'last' | 'best';

export interface CheckpointContent<S> {
  /** Orders the checkpoints of a run; grows through all its phases. */
  readonly step: number;
  /** Everything small: counters, coefficients, cursors, best metric. JSON. */
  readonly state: S;
  /** Flat float32 arrays by name: parameters, optimiser moments. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

export interface SaveOptions {
  /** This one is the best so far. */
  readonly best?: boolean;
  /** How many to keep, the newest; the best is kept besides. */
  readonly keep: number;
}

const folderName = (step: number) => String(step).padStart(6, '0');
const isCheckpoint = (name: string) => /^\d{6,15}$/.test(name);

/** SHA-256 of a file, in hex. */
function hashFile(path: string): string {
  return onFile(path, () => {
    if (!statSync(path).isFile()) throw new RecodiError('input', `${path}: expected a file, and it is something else.`);
    const hash = createHash('sha256');
    const piece = Buffer.alloc(2 ** 20);
    const handle = openSync(path, 'r');
    try {
      for (let read = readSync(handle, piece); read > 0; read = readSync(handle, piece))
        hash.update(piece.subarray(0, read));
    } finally {
      closeSync(handle);
    }
    return hash.digest('hex');
  });
}

/** Writes a checkpoint under `checkpoints` and moves the pointers; returns its folder. */
export function saveCheckpoint<S>(
  checkpoints: string,
  { step, state, arrays }: CheckpointContent<S>,
  { best = false, keep }: SaveOptions,
): string {
  const name = folderName(step);
  const folder = join(checkpoints, name);
  const temporary = join(checkpoints, `${UNFINISHED}${name}`);
  onFile(folder, () => {
    rmSync(temporary, { recursive: true, force: true });
    makeFolder(temporary);
    const tensors = Object.entries(arrays).map(([key, data]) => [key, { dtype: 'F32', shape: [data.length], data }]);
    writeSafetensors(join(temporary, ARRAYS), Object.fromEntries(tensors));
    writeJson(join(temporary, STATE), {
      format: FORMAT,
      step,
      arrays_sha256: hashFile(join(temporary, ARRAYS)),
      state,
    });
    syncFolder(temporary);
    const replaced = setAside(checkpoints, name);
    renameSync(temporary, folder);
    syncFolder(checkpoints);
    rmSync(replaced, { recursive: true, force: true });
  });
  writeFileAtomic(join(checkpoints, 'last'), `${name}\n`);
  if (best) writeFileAtomic(join(checkpoints, 'best'), `${name}\n`);
  removeOld(checkpoints, keep);
  return folder;
}

function names(checkpoints: string): string[] {
  if (!existsSync(checkpoints)) return [];
  return onFile(checkpoints, () => readdirSync(checkpoints))
    .filter(isCheckpoint)
    .sort((a, b) => Number(a) - Number(b));
}

function removeOld(checkpoints: string, keep: number): void {
  const pointed = (['last', 'best'] as const).map(pointer => pointedName(checkpoints, pointer));
  const old = names(checkpoints)
    .slice(0, -Math.max(1, keep))
    .filter(name => !pointed.includes(name));
  for (const name of old)
    onFile(checkpoints, () => rmSync(setAside(checkpoints, name), { recursive: true, force: true }));
}

/** Gives a checkpoint that is to be removed a name that nobody reads: half a folder is never taken for a damaged one. */
function setAside(checkpoints: string, name: string): string {
  const aside = join(checkpoints, `${UNFINISHED}old-${name}`);
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(join(checkpoints, name))) renameSync(join(checkpoints, name), aside);
  return aside;
}

function pointedName(checkpoints: string, pointer: Pointer): string | undefined {
  const path = join(checkpoints, pointer);
  if (!existsSync(path)) return undefined;
  const name = readText(path, 100).trim();
  return isCheckpoint(name) ? name : undefined;
}

/** The newest checkpoint's folder, whatever is in it; undefined where there is none. */
export function newestFolder(checkpoints: string): string | undefined {
  const newest = names(checkpoints).at(-1);
  return newest === undefined ? undefined : join(checkpoints, newest);
}

/** The folder that `last` or `best` names. @throws RecodiError('input') where there is none. */
export function checkpointFolder(checkpoints: string, pointer: Pointer): string {
  const name = pointedName(checkpoints, pointer);
  if (name && existsSync(join(checkpoints, name))) return join(checkpoints, name);
  throw new RecodiError(
    'input',
    `${join(checkpoints, pointer)}: names no checkpoint; the run has not got that far. Go on with it by \`recodi resume\`.`,
  );
}

export interface LoadedCheckpoint<S> {
  readonly folder: string;
  readonly step: number;
  readonly state: S;
  array(name: string): Float32Array;
}

/** @throws RecodiError('input') with what is wrong, for a checkpoint of another format or a damaged one. */
export function loadCheckpoint<S>(folder: string, schema: z.ZodType<S>): LoadedCheckpoint<S> {
  const path = join(folder, STATE);
  const { format } = readJson(path, z.looseObject({ format: z.unknown() }));
  if (format !== FORMAT)
    throw new RecodiError(
      'input',
      `${path}: the checkpoint has format ${show(format)}, and this recodi reads format ${FORMAT}; use the recodi that made it.`,
    );
  const file = z.strictObject({
    format: z.literal(FORMAT),
    step: z.int().min(0),
    arrays_sha256: z.string(),
    state: schema,
  });
  const content = readJson(path, file);
  const arrays = join(folder, ARRAYS);
  if (hashFile(arrays) !== content.arrays_sha256)
    throw new RecodiError(
      'input',
      `${arrays}: damaged (its SHA-256 is not the one in ${STATE}); use another checkpoint.`,
    );
  const tensors = openSafetensors(arrays);
  return { folder, step: content.step, state: content.state, array: name => tensors.read(name) };
}

/**
 * The newest checkpoint that loads, or undefined where a run has none yet; each damaged one that is passed over is warned of.
 * @throws RecodiError('input') where there are checkpoints and none loads.
 */
export function newestCheckpoint<S>(
  checkpoints: string,
  schema: z.ZodType<S>,
  warn: (message: string) => void,
): LoadedCheckpoint<S> | undefined {
  const newestFirst = names(checkpoints).reverse();
  for (const name of newestFirst) {
    try {
      return loadCheckpoint(join(checkpoints, name), schema);
    } catch (error) {
      if (!(error instanceof RecodiError) || name === newestFirst.at(-1)) throw error;
      warn(`${error.message} Trying the one before ${basename(name)}.`);
    }
  }
  return undefined;
}

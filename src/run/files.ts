/**
 * Text and JSON files, whole or absent: written in one piece (a reader, a crash or a full disk never meets half of one),
 * size-checked before they are read. Every failure is one sentence that names the path.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { writeAtomically } from '../tensor/atomic.ts';
import { RecodiError, systemError } from './errors.ts';

/** Runs a file operation; what the operating system refuses becomes a `RecodiError('input')` that names `path`. */
export function onFile<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw systemError(cause, path) ?? cause;
  }
}

/** Flushes a folder's entries (a rename, a new file) to the disk. Windows has no such call and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** @throws RecodiError('input') where the file cannot be written; then `path` is as it was. */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  writeAtomically(path, descriptor => writeFileSync(descriptor, data));
}

/** Makes a folder and its parents. */
export function makeFolder(path: string): void {
  onFile(path, () => mkdirSync(path, { recursive: true }));
}

/** A text file's content; `limit` is in bytes, checked before anything is read. */
export function readText(path: string, limit = 64 * 2 ** 20): string {
  return onFile(path, () => {
    const stat = statSync(path);
    if (!stat.isFile()) throw new RecodiError('input', `${path}: expected a file, and it is something else.`);
    const { size } = stat;
    if (size > limit)
      throw new RecodiError('input', `${path}: ${size} bytes, more than the ${limit} that this kind of file may have.`);
    return readFileSync(path, 'utf8');
  });
}

/** A JSON file checked by its schema; every error is one sentence that names the file and the key. */
export function readJson<T>(path: string, schema: z.ZodType<T>): T {
  const text = readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RecodiError('input', `${path}: not JSON: ${(cause as Error).message}.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RecodiError('input', `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'unreadable'}.`);
}

/** Writes a value as indented JSON, whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

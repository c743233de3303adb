/**
 * Files that appear whole or not at all: written under a temporary name in the same folder, flushed to the disk, then
 * renamed. A reader never sees half a file, and a failed write leaves what was there before.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { RecodiError } from './errors.ts';

let written = 0;
const TEMPORARY_NAME = /\.tmp-\d+-\d+-\d+$/;

/** True for a file that a write left which never ended. */
export const isTemporary = (name: string) => TEMPORARY_NAME.test(name);

/**
 * Calls `write` with the descriptor of a new file and gives it the name `path` afterwards; makes missing folders.
 * @throws RecodiError('input') when the folder or the file cannot be written.
 */
export function writeAtomically(path: string, write: (descriptor: number) => void): void {
  const temporary = `${path}.tmp-${process.pid}-${threadId}-${written++}`;
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    const descriptor = openSync(temporary, 'wx');
    try {
      write(descriptor);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (cause instanceof RecodiError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecodiError(
      'input',
      `Could not write ${path}: ${reason}. Nothing was changed; check the folder's permissions and free space.`,
      { cause },
    );
  }
}

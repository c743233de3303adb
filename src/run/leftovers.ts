/**
 * Clears what a process that was killed in the middle of a write left in a run folder: temporary files (tensor/atomic.ts) and
 * unfinished checkpoints. Only for who holds the run's lock: a living process's temporary file would be lost.
 */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isTemporary } from '../tensor/atomic.ts';
import { UNFINISHED } from './checkpoint.ts';
import { onFile } from './files.ts';

/** True for a file or folder that no finished write leaves. */
export const isLeftover = (name: string) => isTemporary(name) || name.startsWith(UNFINISHED);

export function clearLeftovers(folder: string): void {
  onFile(folder, () => {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (isLeftover(basename(name))) rmSync(join(folder, name), { recursive: true, force: true });
  });
}

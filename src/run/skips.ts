/**
 * Optimiser steps that are left out because loss or gradient is not finite. One bad batch costs nothing; three in a row stop
 * the run, with its last good checkpoint named.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder, type Pointer } from './checkpoint.ts';
import { RecodiError } from './errors.ts';

export interface Skips {
  /** Steps left out so far. */
  skipped: number;
  skippedInRow: number;
}

const MOST_IN_ROW = 3;
const LAST: Pointer = 'last';

/** Counts a step. */
export function noteStep(skips: Skips, skipped: boolean): void {
  skips.skipped += skipped ? 1 : 0;
  skips.skippedInRow = skipped ? skips.skippedInRow + 1 : 0;
}

/** So many steps in a row were left out that the next one would be too. */
export function isStuck({ skippedInRow }: Skips): boolean {
  return skippedInRow >= MOST_IN_ROW;
}

/** @throws RecodiError('internal') where the run is stuck: `where` it stands, `advice` on what to change. */
export function stopIfStuck(
  skips: Skips,
  checkpoints: string,
  { where, advice }: { where: string; advice: string },
): void {
  if (!isStuck(skips)) return;
  const last = existsSync(join(checkpoints, LAST))
    ? `The last good checkpoint is ${checkpointFolder(checkpoints, LAST)}.`
    : 'There is no checkpoint yet.';
  throw new RecodiError(
    'internal',
    `${where}: loss or gradient was not finite ${MOST_IN_ROW} times in a row; ${advice}. ${last}`,
  );
}

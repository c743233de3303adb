/**
 * What the commands that write a run do around their work: they lock it against a second process, clear what a killed one left,
 * tell a supervising parent which run it is, keep a log, and say how to go on after an interrupt.
 */
import { relative } from 'node:path';
import { isAbort } from '../run/interrupt.ts';
import { clearLeftovers } from '../run/leftovers.ts';
import { lockRun } from '../run/lock.ts';
import { type Log, openLog } from '../run/log.ts';
import type { RunPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { announceRun } from './supervised.ts';

export interface OwnedRun {
  readonly log: Log;
  /** Shows a sentence and logs it. */
  warn(sentence: string): void;
}

/** Calls `work`, which returns false where the signal stopped it. @throws RecodiError('usage') where another process has the run. */
export async function withOwnedRun(
  { signal, progress }: CommandContext,
  paths: RunPaths,
  work: (run: OwnedRun) => Promise<boolean>,
): Promise<void> {
  const lock = await lockRun(paths.folder);
  try {
    clearLeftovers(paths.folder);
    announceRun(paths.folder);
    const log = openLog(paths.log);
    const warn = (sentence: string) => {
      log.warn(sentence);
      progress.note(sentence);
    };
    const interrupted = () =>
      progress.note(`Interrupted; go on with \`recodi resume ${relative('.', paths.folder)}\`.`);
    try {
      if (!(await work({ log, warn }))) interrupted();
    } catch (thrown) {
      if (isAbort(thrown, signal)) interrupted();
      throw thrown;
    }
  } finally {
    lock.release();
  }
}

/** What a training works with that keeps itself in a run folder and can be resumed from there. */
import type { Pool } from '../tensor/pool.ts';
import type { Log } from './log.ts';
import type { RunPaths } from './paths.ts';
import type { Progress } from './progress.ts';

export interface ResumableRun {
  readonly paths: RunPaths;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  /** Go on from the newest checkpoint. */
  readonly resume: boolean;
  readonly progress: Progress;
  readonly log: Log;
  /** Shows a sentence and logs it. */
  warn(sentence: string): void;
}

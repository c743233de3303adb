/**
 * A worker thread that died while it had a task: an exception that nobody caught, a call of process.exit, JavaScript memory used
 * up. The task did not fail, its thread did, so the pool does it again on a fresh thread; tasks depend on their input alone, so
 * the result is the one it would have been. A task that kills three threads is taken to be the reason. A native crash is not
 * covered: it ends the whole process (src/cli/supervise.ts).
 */
import { RecodiError } from './errors.ts';

/** Workers that one task may cost. */
export const MOST_DEATHS = 3;

export class LostWorker extends RecodiError {
  constructor(task: string, cause: unknown) {
    super('internal', `The worker of task ${task} died: ${causeOfDeath(cause)}.`, { cause });
  }
}

/** What Node reports when a thread ends, as the user is told it. */
export function causeOfDeath(cause: unknown): string {
  if (isOutOfMemory(cause))
    return 'its JavaScript memory was used up; give it smaller pieces (rollout_chunk, micro_batch_size, pool) or more memory (NODE_OPTIONS=--max-old-space-size=8192, in MB)';
  return cause instanceof Error ? cause.message : String(cause);
}

const isOutOfMemory = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';

/**
 * An input or a result that structured clone refuses: a fault of the task, and no death. The refusal of a result comes through the
 * thread's own port, on which it loses its class.
 */
export function cannotBeCloned(cause: unknown, task: string): RecodiError | undefined {
  const lostItsClass = typeof cause === 'object' && !(cause instanceof Error);
  if (!lostItsClass && !(cause instanceof Error && cause.name === 'DataCloneError')) return undefined;
  const why = cause instanceof Error ? `: ${cause.message}` : ', got what structured clone refuses';
  return new RecodiError('internal', `expected plain data to and from task ${task}${why}.`, { cause });
}

/**
 * One job at a time: a second one would only slow the first. A job has ended when its work has settled; one that was cancelled may
 * have a task under way until then, and the next waits for that.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Job {
  readonly signal: AbortSignal;
  cancel(): void;
  /** The next may begin. */
  end(): void;
}

export interface Jobs {
  /** undefined where another is at work, and stays so for a moment. */
  begin(): Promise<Job | undefined>;
  /** Cancels the one at work and waits until it has ended; none begins any more. */
  close(): Promise<void>;
}

/** Who leaves a job and asks for the next may be heard in the other order. */
const PATIENCE_MS = 500;

export function createJobs(): Jobs {
  let current: (Job & { readonly ended: Promise<void> }) | undefined;
  let closed = false;

  function newJob(): NonNullable<typeof current> {
    const controller = new AbortController();
    // Every task that waits in the pool listens.
    setMaxListeners(0, controller.signal);
    let ended: () => void = () => undefined;
    return {
      signal: controller.signal,
      cancel: () => controller.abort(new DOMException('the job was cancelled', 'AbortError')),
      ended: new Promise(resolve => {
        ended = resolve;
      }),
      end() {
        current = undefined;
        ended();
      },
    };
  }

  return {
    async begin() {
      const patience = sleep(PATIENCE_MS, 'over', { ref: false });
      while (current) {
        const { signal, ended } = current;
        const waited = await (signal.aborted ? ended : Promise.race([ended, patience]));
        if (waited === 'over' && !current?.signal.aborted) break;
      }
      if (current || closed) return undefined;
      current = newJob();
      return current;
    },
    async close() {
      closed = true;
      current?.cancel();
      await current?.ended;
    },
  };
}

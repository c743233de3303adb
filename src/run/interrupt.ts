/**
 * Ctrl-C and termination. The first SIGINT or SIGTERM aborts a signal: work stops at its next safe point and writes a
 * checkpoint. The second ends the process at once, by the operating system's own way of dying from that signal: no
 * exit handlers run, and no worker thread is torn out of a native call. What comes within half a second of the first is
 * the same keypress: under `npm run` the terminal sends it to every process, and npm hands it on besides.
 */
import { setMaxListeners } from 'node:events';

const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
type Ending = keyof typeof EXIT;
const SAME_KEYPRESS_MS = 500;

export interface Interrupts {
  readonly signal: AbortSignal;
  /** 130 or 143 once interrupted. */
  exitCode(): number | undefined;
  /** Gives the signals back to Node's own handling. */
  release(): void;
}

/** True for what aborted work rejects with: not an error to report. */
export function isAbort(thrown: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError'));
}

/** What `work` gives; undefined where the signal came first. */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (thrown) {
    if (isAbort(thrown, signal)) return undefined;
    throw thrown;
  }
}

const STOPPING = 'Stopping: what is under way is finished, and a run is saved. Once more to quit at once.';

/** `say` gets the sentence that the user sees at the first signal. */
export function watchInterrupts(say: (sentence: string) => void, stopping = STOPPING): Interrupts {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let ending: Ending | undefined;
  let first = 0;
  const listener = (name: Ending) => {
    if (ending) {
      if (performance.now() - first < SAME_KEYPRESS_MS) return;
      release();
      process.kill(process.pid, name);
      return;
    }
    ending = name;
    first = performance.now();
    say(stopping);
    controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  const names = Object.keys(EXIT) as Ending[];
  const release = () => {
    for (const name of names) process.off(name, listener);
  };
  for (const name of names) process.on(name, listener);
  return { signal: controller.signal, exitCode: () => ending && EXIT[ending], release };
}

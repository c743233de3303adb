/**
 * Ctrl-C and termination. The first SIGINT or SIGTERM aborts a signal: work stops at its next safe point and writes a
 * checkpoint. The second ends the process at once, by the operating system's own way of dying from that signal: no
 * exit handlers run, and no worker thread is torn out of a native call.
 */

import { setMaxListeners } from 'node:events';

const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
type Ending = keyof typeof EXIT;

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

/** `say` gets the sentence that the user sees at the first signal. */
export function watchInterrupts(say: (sentence: string) => void): Interrupts {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let ending: Ending | undefined;
  const listener = (name: Ending) => {
    if (ending) {
      release();
      process.kill(process.pid, name);
      return;
    }
    ending = name;
    say('Stopping: finishing what is under way and writing a checkpoint. Once more to quit at once.');
    controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  const names = Object.keys(EXIT) as Ending[];
  const release = () => {
    for (const name of names) process.off(name, listener);
  };
  for (const name of names) process.on(name, listener);
  return { signal: controller.signal, exitCode: () => ending && EXIT[ending], release };
}

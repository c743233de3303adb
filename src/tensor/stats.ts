/** What the engine has done in this thread: a capture per new signature of a compiled function is the cost to watch. */
export interface EngineStats {
  /** Graphs recorded: one per compiled function and signature (shapes and dtypes of its inputs). */
  captures: number;
  /** Milliseconds spent recording and lowering. */
  captureMs: number;
  /** Milliseconds spent creating sessions. */
  sessionMs: number;
  /** Sessions open now. */
  sessions: number;
  /** Sessions released so far. */
  released: number;
  /** Runs of compiled functions. */
  runs: number;
  /** Captures by the name given to compile(). */
  readonly capturesByName: Readonly<Record<string, number>>;
}

type Counter = 'captures' | 'captureMs' | 'sessionMs' | 'sessions' | 'released' | 'runs';

const totals: Record<Counter, number> = { captures: 0, captureMs: 0, sessionMs: 0, sessions: 0, released: 0, runs: 0 };
const byName = new Map<string, number>();

export function count(counter: Counter, amount = 1): void {
  totals[counter] += amount;
}

export function countCapture(name: string, milliseconds: number): void {
  count('captures');
  count('captureMs', milliseconds);
  byName.set(name, (byName.get(name) ?? 0) + 1);
}

export function engineStats(): EngineStats {
  return { ...totals, capturesByName: Object.fromEntries(byName) };
}

/**
 * A pool of worker threads for all heavy work: the thread that owns the pool never runs a graph, so it stays free for progress
 * and signals. Work is any exported async function (task.ts); the same pool rolls out, computes gradients and evaluates.
 * Invariants: first in, first out; at most one task per worker; a task once started always finishes (a thread ended inside a
 * native run takes the process with it), so an abort drops what still waits and lets the rest arrive; a task whose worker dies
 * is done again by a fresh one (lostWorker.ts); `close` drains, has every worker close its engine, and only then ends the
 * threads.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Piscina } from 'piscina';
import type { DeviceChoice } from './devices.ts';
import './environment.ts';
import { RecodiError } from './errors.ts';
import { cannotBeCloned, causeOfDeath, LostWorker, MOST_DEATHS } from './lostWorker.ts';
import type { TaskRef } from './task.ts';
import { type FlatError, revive } from './taskError.ts';

export { type TaskRef, task } from './task.ts';

export type PoolOptions = {
  readonly workers: number;
  readonly device: DeviceChoice;
  /** Called with a sentence when a worker died and another took its place. */
  readonly onLost?: (sentence: string) => void;
  /** Most MB of JavaScript objects that each worker may hold (tensors are not among them); default: Node's own limit. */
  readonly heapMb?: number;
};

/** `signal`: drops the task if it has not started yet. */
export type RunOptions = { readonly signal?: AbortSignal };

export type Pool = {
  readonly size: number;
  /**
   * Rejects with the RecodiError the task threw, with `signal.reason` if it was dropped, with LostWorker if its workers died, with
   * `internal` if the pool is closed.
   */
  run<I, O>(task: TaskRef<I, O>, input: I, options?: RunOptions): Promise<O>;
  /** Engine counters and task milliseconds, summed over the workers, as of each worker's latest task. */
  stats(): Record<string, number>;
  close(): Promise<void>;
};

export type WorkerSettings = { readonly device: DeviceChoice };
export type TaskCall = {
  readonly kind: 'task';
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
};
export type Call = TaskCall | { readonly kind: 'farewell' };
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: FlatError };
type Report = Outcome & { readonly worker: number; readonly stats: Record<string, number> };

type Job = { start(): Promise<void>; drop(reason: unknown): void };

/** How long `close` waits for a worker that does not answer any more. */
const PATIENCE_MS = 10_000;

export function createPool({ workers, device, onLost, heapMb }: PoolOptions): Pool {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RecodiError('config', `expected a whole number of workers of at least 1, got ${workers}`);
  }
  const threads = new Piscina({
    ...workerEntry(import.meta.url),
    minThreads: workers,
    maxThreads: workers,
    atomics: 'disabled',
    workerData: { device } satisfies WorkerSettings,
    ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
  });
  const waiting: Job[] = [];
  const running = new Set<Promise<void>>();
  const atWork = new Set<Promise<Report>>();
  const latest = new Map<number, Record<string, number>>();
  let refusal: RecodiError | undefined;
  let closing: Promise<void> | undefined;

  let refuse: (reason: RecodiError) => void = () => undefined;
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  refused.catch(() => undefined);

  // A worker that dies idle is replaced as one that dies at work. Where none can be started, nothing could ever be done.
  threads.on('error', (cause: unknown) => {
    const why = causeOfDeath(cause);
    if (threads.threads.length === workers)
      return onLost?.(`An idle worker thread died (${why}); another took its place.`);
    refusal ??= new RecodiError('internal', `no worker thread could be started: ${why}`, { cause });
    refuse(refusal);
    for (const job of waiting.splice(0)) job.drop(refusal);
  });

  function advance(): void {
    while (running.size < workers) {
      const job = waiting.shift();
      if (job === undefined) return;
      const run = job.start().finally(() => {
        running.delete(run);
        advance();
      });
      running.add(run);
    }
  }

  async function post(call: TaskCall): Promise<unknown> {
    for (let deaths = 1; ; deaths++) {
      try {
        return await attempt(call);
      } catch (error) {
        if (!(error instanceof LostWorker) || deaths === MOST_DEATHS) throw error;
        onLost?.(`${error.message} Its task is done again by a fresh one.`);
      }
    }
  }

  async function attempt(call: TaskCall): Promise<unknown> {
    const work: Promise<Report> = threads.run(call).catch((cause: unknown) => {
      throw cannotBeCloned(cause, call.name) ?? new LostWorker(call.name, cause);
    });
    atWork.add(work);
    const report = await Promise.race([work, refused]).finally(() => {
      if (refusal === undefined) atWork.delete(work);
    });
    latest.set(report.worker, report.stats);
    if (!report.ok) throw revive(report.error, call.name);
    return report.value;
  }

  function run<I, O>(task: TaskRef<I, O>, input: I, { signal }: RunOptions = {}): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      if (refusal !== undefined) return reject(refusal);
      if (closing !== undefined) return reject(closed(task.name));
      if (signal?.aborted) return reject(signal.reason);
      const call: TaskCall = { kind: 'task', module: task.module, name: task.name, input };
      const abort = () => {
        waiting.splice(waiting.indexOf(job), 1);
        reject(signal?.reason);
      };
      const job: Job = {
        start() {
          signal?.removeEventListener('abort', abort);
          return post(call).then(value => resolve(value as O), reject);
        },
        drop(reason) {
          signal?.removeEventListener('abort', abort);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      waiting.push(job);
      advance();
    });
  }

  async function shutDown(): Promise<void> {
    while (running.size > 0 && refusal === undefined) await Promise.allSettled([...running]);
    if (refusal === undefined) {
      // All workers are idle now, and a busy one gets no second task: so these go to one worker each.
      const farewell: Call = { kind: 'farewell' };
      await Promise.allSettled(Array.from({ length: workers }, () => threads.run(farewell)));
    } else {
      await Promise.race([Promise.allSettled([...atWork]), delay(PATIENCE_MS, undefined, { ref: false })]);
    }
    await threads.destroy();
  }

  return {
    size: workers,
    run,
    stats: () => total(latest.values()),
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}

/**
 * The worker file beside this one, with this file's own extension. A TypeScript worker needs tsx where Node does not strip
 * types; tsx's own preload registers in the main thread alone (4.23 on Node 20), so the worker's preload asks for it.
 */
function workerEntry(moduleUrl: string): { filename: string; execArgv?: string[] } {
  const typescript = moduleUrl.endsWith('.ts');
  const filename = new URL(typescript ? './worker.ts' : './worker.js', moduleUrl).href;
  const { typescript: stripping } = process.features as { typescript?: string | false };
  if (!typescript || stripping) return { filename };
  const preload = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register();`;
  return { filename, execArgv: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] };
}

const closed = (name: string) =>
  new RecodiError('internal', `expected an open pool for task ${name}, but it was closed`);

function total(records: Iterable<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const record of records) for (const [key, value] of Object.entries(record)) sum[key] = (sum[key] ?? 0) + value;
  return sum;
}

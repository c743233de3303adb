/**
 * The entry of every worker thread of a pool (pool.ts): one thread, one device, chosen when the thread starts. Nothing is thrown
 * across threads: an outcome is a plain record (taskError.ts says why). The last call is `farewell`: it closes the engine, so
 * that no native run is going on when the thread is ended.
 */
import { threadId, workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { RecodiError } from './errors.ts';
import { closeEngine, engineStats, useDevice } from './index.ts';
import { movedBuffers } from './moving.ts';
import type { Call, Outcome, TaskCall, WorkerSettings } from './pool.ts';
import { flatten } from './taskError.ts';

type Task = (input: unknown) => Promise<unknown>;

const tasks = new Map<string, Task>();
let taskMs = 0;

// A device that cannot be had is the outcome of every task, not the death of the thread: so the caller reads the reason.
const settings = workerData as WorkerSettings;
const deviceFailure: unknown = await useDevice(settings.device).then(
  () => undefined,
  (error: unknown) => error,
);

export default async function serve(call: Call): Promise<unknown> {
  if (call.kind === 'farewell') return closeEngine();
  const start = performance.now();
  const outcome = await perform(call);
  taskMs += performance.now() - start;
  const report = { ...outcome, worker: threadId, stats: stats() };
  if (!outcome.ok) return report;
  return move({ [transferableSymbol]: movedBuffers(outcome.value), [valueSymbol]: report });
}

function stats(): Record<string, number> {
  const { capturesByName, ...counters } = engineStats();
  const byName = Object.entries(capturesByName).map(([name, count]) => [`captures/${name}`, count]);
  return { ...counters, taskMs, ...Object.fromEntries(byName) };
}

async function perform(call: TaskCall): Promise<Outcome> {
  try {
    if (deviceFailure !== undefined) throw deviceFailure;
    return { ok: true, value: await (await load(call))(call.input) };
  } catch (error) {
    return { ok: false, error: flatten(error) };
  }
}

async function load({ module, name }: TaskCall): Promise<Task> {
  const key = `${module}#${name}`;
  const known = tasks.get(key);
  if (known !== undefined) return known;
  const loaded = (await import(module)) as Record<string, unknown>;
  const found = loaded[name];
  if (typeof found !== 'function') {
    throw new RecodiError('internal', `expected ${module} to export the task ${name}, found ${typeof found}`);
  }
  tasks.set(key, found as Task);
  return found as Task;
}

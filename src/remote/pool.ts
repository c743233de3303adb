/**
 * A `Pool` whose work is done by `recodi worker` processes on any machine that reaches the same Redis. Tasks that other machines
 * may be asked for (tasks.ts) go there, all others to one thread here; callers see no difference, and no number differs.
 * It waits for workers as long as there are none, outlives a restart of Redis, and is closed like any pool: what is not done
 * by then is dropped, and nothing of the run stays in Redis.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { RecodiError } from '../run/errors.ts';
import { packageVersion } from '../run/package.ts';
import type { DeviceChoice } from '../tensor/devices.ts';
import { createPool, type Pool } from '../tensor/pool.ts';
import { createBlobStore } from './blobs.ts';
import { announceRun, createCrew, PROTOCOL, RENEW_MS, type RunNotice, withdrawRun } from './board.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { identify } from './models.ts';
import { createPacking } from './packing.ts';
import { openQueue, sweepDeadRuns } from './queue.ts';
import { connect } from './redis.ts';
import { REMOTE_TASKS, type RemoteTasks, remoteName } from './tasks.ts';

export interface RemotePoolOptions {
  readonly redis: string;
  readonly device: DeviceChoice;
  /** Folders of the frozen models that tasks name; workers have their own copies. */
  readonly models: readonly string[];
  /** Gets a sentence when something happens that a user should know. */
  readonly say: (sentence: string) => void;
  /** Once aborted, tasks are dropped where no worker is there, or no Redis, that could end them. */
  readonly signal?: AbortSignal;
  readonly tasks?: RemoteTasks;
}

const HUSH_MS = 3000;
const REMIND_MS = 300_000;
const CLOSING_MS = 10_000;

/** @throws RecodiError where a package is missing, Redis cannot be reached, or a folder holds no model. */
export async function createRemotePool(options: RemotePoolOptions): Promise<Pool> {
  const { redis: url, device, say, signal, tasks = REMOTE_TASKS } = options;
  const models = await Promise.all(options.models.map(identify));
  const connections = await connect(url, say);
  const { commands } = connections;
  const run = randomUUID();
  const notice: RunNotice = {
    protocol: PROTOCOL,
    version: packageVersion(),
    device,
    models: models.map(({ hash, folder }) => ({ hash, name: basename(folder) })),
  };
  const packing = createPacking(tasks, models, createBlobStore(commands));
  commands.on('ready', packing.forget);
  const crew = createCrew(commands, run, say);
  await sweepDeadRuns(connections);
  const queue = await openQueue(connections, run, (id, sighting) => dispatcher.hear(id, sighting));
  const dispatcher: Dispatcher = createDispatcher({
    transport: queue,
    pack: packing.pack,
    unpack: packing.unpack,
    discard(id, order) {
      packing.discard(order);
      void queue.forget(id).catch(() => {});
    },
    room: () => 2 * crew.threads() + 2,
  });
  await announceRun(commands, run, notice);
  const watch = watchCrew(async () => {
    await announceRun(commands, run, notice);
    await crew.read();
    giveUp();
    await dispatcher.sweep();
    return { threads: crew.threads(), open: dispatcher.open };
  });
  const giveUp = () => {
    if (signal?.aborted && (crew.threads() === 0 || commands.status !== 'ready')) dispatcher.drop(signal.reason);
  };
  signal?.addEventListener('abort', giveUp);
  commands.on('close', giveUp);
  const local = createPool({ workers: 1, device });
  let closing: Promise<void> | undefined;

  function watchCrew(round: () => Promise<{ threads: number; open: number }>) {
    let alone = performance.now();
    let reminded = Number.NEGATIVE_INFINITY;
    return every(RENEW_MS, async () => {
      const { threads, open } = await round();
      const now = performance.now();
      if (threads > 0 || open === 0) {
        alone = now;
        reminded = Number.NEGATIVE_INFINITY;
        return;
      }
      if (now - alone < HUSH_MS || now - reminded < REMIND_MS) return;
      reminded = now;
      say(`Waiting for workers: start some with \`recodi worker --redis ${connections.shown}\`.`);
    });
  }

  async function shutDown(): Promise<void> {
    watch.stop();
    signal?.removeEventListener('abort', giveUp);
    dispatcher.drop(closed());
    const leave = withdrawRun(commands, run).then(queue.close);
    await Promise.race([leave.catch(() => {}), timeout(CLOSING_MS)]);
    connections.close();
    await local.close();
  }

  return {
    size: local.size,
    run<I, O>(task: Parameters<typeof local.run<I, O>>[0], input: I, choices: Parameters<typeof local.run>[2] = {}) {
      if (closing !== undefined) return Promise.reject(closed());
      const name = remoteName(tasks, task);
      if (name === undefined) return local.run(task, input, choices);
      return dispatcher.run(name, input, choices.signal) as Promise<O>;
    },
    stats() {
      const sum: Record<string, number> = {};
      for (const one of [local.stats(), ...packing.stats()])
        for (const [key, value] of Object.entries(one)) sum[key] = (sum[key] ?? 0) + value;
      return sum;
    },
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}

const closed = () => new RecodiError('internal', 'expected an open pool, but it was closed');
const timeout = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms).unref());

/** Calls `round` again and again, `ms` after the last one ended; a round that fails (the connection is lost) is tried again. */
export function every(ms: number, round: () => Promise<void>): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const next = () => {
    void round()
      .catch(() => {})
      .finally(() => {
        if (!stopped) timer = setTimeout(next, ms);
      });
  };
  timer = setTimeout(next, 0);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

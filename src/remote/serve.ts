/**
 * `recodi worker`: looks on the board for runs that it can serve, and computes for them until it is told to stop. A run that needs
 * another version or a model that is not here is refused in words, here and at the trainer; it may be served by others.
 * For each run there is a pool of its own, made when the run is found and closed when it has ended.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RecodiError, toRecodiError } from '../run/errors.ts';
import { packageVersion } from '../run/package.ts';
import { createPool } from '../tensor/pool.ts';
import { createBlobStore } from './blobs.ts';
import {
  PREFIX,
  PROTOCOL,
  queueName,
  RENEW_MS,
  type RunNotice,
  readRuns,
  refuse,
  runHeadSchema,
  runSchema,
  signIn,
  signOut,
} from './board.ts';
import { createVectors, perform } from './job.ts';
import { findModels, identify, type LocalModel } from './models.ts';
import { readyTask } from './ready.ts';
import { type Connections, connect, loadPackages } from './redis.ts';
import { REMOTE_TASKS, type RemoteTasks } from './tasks.ts';

export interface WorkerOptions {
  readonly redis: string;
  /** Folders that hold models, or are one. */
  readonly models: readonly string[];
  /** Threads that compute. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
  readonly tasks?: RemoteTasks;
}

/** A job's lock is renewed at half of this; a worker that is killed loses its job after it. */
const LOCK_MS = 15_000;
const STALLED_MS = 5000;
/** A job that loses its worker this often is given up: it may be what kills them. */
const MOST_STALLED = 5;
/** Rounds without a run's notice after which it has ended. */
const MOST_MISSED = 5;

const PATIENCE_MS = 10_000;

interface Service {
  missed: number;
  readonly stop: (ended: boolean) => Promise<void>;
}

/** Serves until the signal. @throws RecodiError where a package or folder is missing, or Redis cannot be reached. */
export async function serve(options: WorkerOptions): Promise<void> {
  const { signal, say, threads } = options;
  const worker = `${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-')}-${process.pid}`;
  const found = await findModels(options.models);
  const connections = await connect(options.redis, say);
  const { commands } = connections;
  const services = new Map<string, Service>();
  const ending = new Set<Promise<void>>();
  const refused = new Map<string, string>();
  const processor = cpus()[0]?.model.slice(0, 200) ?? process.arch;
  let beat = 0;
  say(`Worker ${worker}: ${threads} threads, ${found.size} models; waiting for runs at ${connections.shown}.`);

  async function round(): Promise<void> {
    const runs = await readRuns(commands);
    for (const [run, service] of services) {
      service.missed = runs.get(run) === undefined ? service.missed + 1 : 0;
      if (service.missed < MOST_MISSED) continue;
      services.delete(run);
      say('The run has ended; waiting for the next one.');
      const end = service.stop(true).finally(() => ending.delete(end));
      ending.add(end);
    }
    beat += 1;
    for (const [run, notice] of runs) {
      if (notice === undefined) continue;
      const reason = refused.get(run) ?? (services.has(run) ? undefined : await begin(run, notice));
      if (reason !== undefined) await refuse(commands, run, worker, reason);
      else await signIn(commands, run, worker, { threads, processor, beat });
    }
  }

  /** Takes work of a run, or says why not. */
  async function begin(run: string, value: unknown): Promise<string | undefined> {
    try {
      const notice = fitting(value, found);
      const models = await Promise.all(notice.models.map(({ hash }) => identify(found.get(hash)!)));
      services.set(run, {
        missed: 0,
        stop: await openService(connections, { ...options, worker, run, notice, models }),
      });
      say(`Computing for a run${models.map(({ folder }) => ` that reads ${basename(folder)}`).join()}.`);
      return undefined;
    } catch (error) {
      const { message } = toRecodiError(error);
      say(`A run is refused: ${message}`);
      refused.set(run, message);
      return message;
    }
  }

  let complaint = '';
  const complain = (error: unknown) => {
    const { message } = toRecodiError(error);
    if (message !== complaint) say(`Redis at ${connections.shown} refuses: ${message}`);
    complaint = message;
  };
  let latest = Promise.resolve();
  while (!signal.aborted) {
    latest = round().catch(complain);
    await Promise.race([latest, aborted(signal)]);
    await delay(RENEW_MS, undefined, { signal }).catch(() => {});
  }
  // A round that is beginning a service must end first, so that no pool is left open; without Redis it may never end.
  await Promise.race([latest, delay(PATIENCE_MS, undefined, { ref: false })]);
  const leaving = [...services].map(async ([run, { stop }]) => {
    await Promise.race([signOut(commands, run, worker).catch(complain), delay(RENEW_MS, undefined, { ref: false })]);
    await stop(false);
  });
  await Promise.allSettled([...leaving, ...ending]);
  connections.close();
}

/** The notice of a run that this worker can serve. @throws RecodiError that says why it cannot. */
function fitting(value: unknown, found: ReadonlyMap<string, string>): RunNotice {
  const own = packageVersion();
  const head = runHeadSchema.safeParse(value).data;
  if (head?.version !== own || head.protocol !== PROTOCOL)
    throw new RecodiError(
      'input',
      `the run is of recodi ${head?.version ?? 'unknown'} (protocol ${head?.protocol ?? 'unknown'}), the worker of ${own} (protocol ${PROTOCOL}); install the same version on both sides.`,
    );
  const notice = runSchema.safeParse(value).data;
  if (!notice) throw new RecodiError('input', "the run's notice is damaged; begin the run anew.");
  for (const { hash, name } of notice.models) {
    if (found.has(hash)) continue;
    const namesake = [...found.values()].some(folder => basename(folder) === name);
    const why = namesake
      ? "the worker's model of that name has other weights or another tokenizer"
      : "it is in none of the worker's folders";
    throw new RecodiError(
      'input',
      `the run reads the model ${name} (${hash.slice(0, 12)}…), and ${why}; copy the trainer's folder to the worker's machine and name it with --models.`,
    );
  }
  return notice;
}

interface ServiceOptions extends Omit<WorkerOptions, 'models'> {
  readonly worker: string;
  readonly run: string;
  readonly notice: RunNotice;
  readonly models: readonly LocalModel[];
}

async function openService(connections: Connections, options: ServiceOptions): Promise<Service['stop']> {
  const { worker, run, notice, models, threads, say, tasks = REMOTE_TASKS } = options;
  const { Worker } = await loadPackages();
  const pool = createPool({ workers: threads, device: notice.device, onLost: say });
  await pool.run(readyTask, undefined).catch(async error => {
    await pool.close();
    throw error;
  });
  const folder = mkdtempSync(join(tmpdir(), 'recodi-worker-'));
  const blobs = createBlobStore(connections.commands);
  const ground = { models: new Map(models.map(model => [model.hash, model])), folder, blobs };
  const bench = { worker, run, pool, tasks, ground, vectors: createVectors(blobs) };
  const connection = connections.another();
  const jobs = new Worker<unknown, string>(queueName(run), job => perform(bench, job.data), {
    connection,
    prefix: PREFIX,
    concurrency: threads,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: MOST_STALLED,
  });
  jobs.on('error', () => {});
  return async ended => {
    // Without Redis the queue cannot be told; the tasks under way still end before their threads do.
    await jobs.close(connections.commands.status !== 'ready');
    // A worker's last look at a queue that its trainer has removed makes this key again.
    if (ended) await connections.commands.unlink(`${PREFIX}:${queueName(run)}:meta`).catch(() => {});
    connection.disconnect();
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

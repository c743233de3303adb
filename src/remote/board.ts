/**
 * The notice board in Redis, on which trainers and workers find each other: a trainer announces its run and what a worker must
 * have for it, a worker signs in for the run or says why it cannot. Everything here is renewed while its writer lives and ends
 * by itself soon after; ages are told by whether a notice changes, so no two clocks are ever compared.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** Raised by every change of the notices, of jobs or of the encoding. */
export const PROTOCOL = 1;
export const RENEW_MS = 2000;
const RUN_SECONDS = 60;
/** A worker whose notice has not changed for this long is counted as gone. */
const GONE_MS = 20_000;

const identity = z.string().regex(/^[A-Za-z0-9._-]{1,200}$/);

/** What any version of recodi can read of a run. */
export const runHeadSchema = z.object({ protocol: z.int(), version: z.string().max(100) });

export const runSchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  version: z.string().max(100),
  device: z.enum(['auto', 'onnx', 'tensorflow', 'cpu']),
  /** Frozen models that a worker must have; the name is the trainer's, for messages. */
  models: z.array(z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), name: z.string().max(255) })).max(100),
});
export type RunNotice = z.infer<typeof runSchema>;

const workerSchema = z.strictObject({
  threads: z.int().min(1),
  processor: z.string().max(200),
  beat: z.int(),
});
export type WorkerNotice = z.infer<typeof workerSchema>;

const RUNS = 'recodi:runs';
const runKey = (run: string) => `recodi:run:${run}`;
const workersKey = (run: string) => `recodi:workers:${run}`;
const refusalsKey = (run: string) => `recodi:refusals:${run}`;

export const queueName = (run: string) => `recodi-${run}`;
export const PREFIX = 'recodi';

/** Announces or renews a run. */
export async function announceRun(redis: Redis, run: string, notice: RunNotice): Promise<void> {
  await redis.set(runKey(run), JSON.stringify(notice), 'EX', RUN_SECONDS);
  await redis.sadd(RUNS, run);
}

export async function withdrawRun(redis: Redis, run: string): Promise<void> {
  await redis.unlink(runKey(run), workersKey(run), refusalsKey(run));
  await redis.srem(RUNS, run);
}

/** All runs by id; undefined stands for one that was announced once and is not renewed any more. */
export async function readRuns(redis: Redis): Promise<Map<string, unknown>> {
  const ids = (await redis.smembers(RUNS)).filter(id => identity.safeParse(id).success);
  const notices = await Promise.all(ids.map(async id => [id, json(await redis.get(runKey(id)))] as const));
  return new Map(notices);
}

/** Signs a worker in for a run, or renews that. */
export async function signIn(redis: Redis, run: string, worker: string, notice: WorkerNotice): Promise<void> {
  await redis.hset(workersKey(run), worker, JSON.stringify(notice));
  await redis.expire(workersKey(run), RUN_SECONDS);
}

export async function signOut(redis: Redis, run: string, worker: string): Promise<void> {
  await redis.hdel(workersKey(run), worker);
}

export async function refuse(redis: Redis, run: string, worker: string, reason: string): Promise<void> {
  await redis.hset(refusalsKey(run), worker, reason);
  await redis.expire(refusalsKey(run), RUN_SECONDS);
}

export interface Crew {
  /** Threads of all workers that are there. */
  threads(): number;
  /** Reads the board anew, and says who came, left and was refused. */
  read(): Promise<void>;
}

/** The trainer's view of a run's workers. */
export function createCrew(redis: Redis, run: string, say: (sentence: string) => void): Crew {
  const present = new Map<string, { notice: WorkerNotice; since: number }>();
  const told = new Set<string>();
  const tellOnce = (sentence: string) => {
    if (!told.has(sentence)) say(sentence);
    told.add(sentence);
  };
  return {
    threads: () => [...present.values()].reduce((sum, { notice }) => sum + notice.threads, 0),
    async read() {
      const found = new Map<string, WorkerNotice>();
      for (const [worker, text] of Object.entries(await redis.hgetall(workersKey(run)))) {
        const notice = workerSchema.safeParse(json(text));
        if (notice.success && identity.safeParse(worker).success) found.set(worker, notice.data);
      }
      const now = performance.now();
      for (const [worker, notice] of found) {
        const known = present.get(worker);
        if (known && known.notice.beat === notice.beat) continue;
        if (!known && told.has(`${worker} ${notice.beat}`)) continue;
        if (!known) say(`Worker ${worker} has joined, with ${notice.threads} threads.`);
        present.set(worker, { notice, since: now });
      }
      for (const [worker, { notice, since }] of present) {
        const silent = now - since > GONE_MS;
        if (found.has(worker) && !silent) continue;
        present.delete(worker);
        if (silent) told.add(`${worker} ${notice.beat}`);
        say(
          silent
            ? `Worker ${worker} does not answer any more; others do its tasks again.`
            : `Worker ${worker} has left.`,
        );
      }
      const processors = new Set([...present.values()].map(({ notice }) => notice.processor));
      if (processors.size > 1)
        tellOnce(
          `Workers compute on different processors (${[...processors].sort().join('; ')}): the last digits may depend on who computes what.`,
        );
      for (const [worker, reason] of Object.entries(await redis.hgetall(refusalsKey(run))))
        tellOnce(`Worker ${worker} was refused: ${reason.slice(0, 1000).replaceAll(/\p{Cc}/gu, ' ')}`);
    },
  };
}

function json(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

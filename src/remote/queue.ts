/**
 * The run's queue: BullMQ as the dispatcher's transport. Its event stream is kept short, finished jobs are removed by who waited
 * for them, and what a run that died has left is swept away by the next one.
 */
import type { Redis } from 'ioredis';
import { PREFIX, queueName, readRuns, withdrawRun } from './board.ts';
import type { Sighting, Transport } from './dispatcher.ts';
import type { Order } from './orders.ts';
import type { Connections } from './redis.ts';
import { loadPackages } from './redis.ts';

const MOST_EVENTS = 1000;

export interface RunQueue extends Transport<Order> {
  forget(id: string): Promise<void>;
  close(): Promise<void>;
}

/** `hear` gets news of jobs, as long as none is missed. */
export async function openQueue(
  connections: Connections,
  run: string,
  hear: (id: string, sighting: Sighting) => void,
): Promise<RunQueue> {
  const { Queue, QueueEvents } = await loadPackages();
  const queue = new Queue<Order, string>(queueName(run), {
    connection: connections.commands,
    prefix: PREFIX,
    streams: { events: { maxLen: MOST_EVENTS } },
  });
  const events = new QueueEvents(queueName(run), { connection: connections.another(), prefix: PREFIX });
  queue.on('error', () => {});
  events.on('error', () => {});
  events.on('completed', ({ jobId, returnvalue }) => hear(jobId, { kind: 'answered', answer: textOf(returnvalue) }));
  events.on('failed', ({ jobId, failedReason }) => hear(jobId, { kind: 'failed', reason: failedReason }));
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  return {
    async add(id, order) {
      await queue.add('task', order, { jobId: id, attempts: 3, backoff: { type: 'fixed', delay: 1000 } });
    },
    async look(id) {
      const job = await queue.getJob(id);
      if (!job) return { kind: 'lost' };
      if (job.finishedOn === undefined || job.finishedOn === null) return { kind: 'pending' };
      if (job.failedReason) return { kind: 'failed', reason: job.failedReason };
      return { kind: 'answered', answer: textOf(job.returnvalue) };
    },
    withdraw: async id => (await queue.remove(id)) === 1,
    async forget(id) {
      await queue.remove(id);
    },
    async close() {
      await events.close();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
}

/** Removes what runs have left that are not renewed any more. */
export async function sweepDeadRuns(connections: Connections): Promise<void> {
  const { Queue } = await loadPackages();
  const redis: Redis = connections.commands;
  for (const [run, notice] of await readRuns(redis)) {
    if (notice !== undefined) continue;
    const queue = new Queue(queueName(run), { connection: redis, prefix: PREFIX });
    queue.on('error', () => {});
    await queue.obliterate({ force: true });
    await queue.close();
    await withdrawRun(redis, run);
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

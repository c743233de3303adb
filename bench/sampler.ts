/**
 * Where JavaScript's time goes: V8's own sampler in every thread of this process, by way of the inspector. A worker is reached
 * through the main thread's session, which passes messages on to it (the inspector's domain NodeWorker).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { join } from 'node:path';

export interface Samples {
  /** Repeats of the work since the process began, and those of them that were sampled. */
  readonly repeats: number;
  readonly sampled: number;
  readonly threads: readonly Profiler.Profile[];
}

type Send = (method: string, params?: object) => Promise<unknown>;

/** Microseconds between samples. */
const INTERVAL = 200;

/** Starts sampling in all threads that there are; what it gives stops that. */
export async function startSampling(): Promise<() => Promise<Profiler.Profile[]>> {
  const session = new Session();
  session.connect();
  const threads: Send[] = [(method, params) => session.post(method, params)];
  const answers = new Map<number, (result: unknown) => void>();
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
    threads.push(async (method, params) => {
      const id = answers.size;
      const answer = new Promise(resolve => answers.set(id, resolve));
      const message = JSON.stringify({ id, method, params });
      await session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
      return answer;
    });
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const { id, result } = JSON.parse(params.message) as { id?: number; result?: unknown };
    if (id !== undefined) answers.get(id)?.(result);
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const all = async (method: string, params?: object) => {
    const awake = setInterval(() => {}, 1000); // Messages on their way between threads keep no process alive.
    const results = await Promise.all(threads.map(send => send(method, params)));
    clearInterval(awake);
    return results;
  };
  await all('Profiler.enable');
  await all('Profiler.setSamplingInterval', { interval: INTERVAL });
  await all('Profiler.start');
  return async () => {
    const stopped = (await all('Profiler.stop')) as { profile: Profiler.Profile }[];
    session.disconnect();
    return stopped.map(({ profile }) => profile);
  };
}

const fileOf = (folder: string) => join(folder, 'samples');

export function writeSamples(folder: string, samples: Samples): void {
  writeFileSync(fileOf(folder), JSON.stringify(samples));
}

export function readSamples(folder: string): Samples {
  return JSON.parse(readFileSync(fileOf(folder), 'utf8')) as Samples;
}

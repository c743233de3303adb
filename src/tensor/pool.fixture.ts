/** Tasks for the tests of the pool: what a worker is asked to do there. */
import { threadId } from 'node:worker_threads';
import { RecodiError } from './errors.ts';
import { moving } from './moving.ts';
import { task } from './pool.ts';
import { localCopy, type SharedFloats } from './shared.ts';

const at = import.meta.url;

export async function whichThread(wait: { flag: SharedArrayBuffer; until: number }): Promise<number> {
  const flag = new Int32Array(wait.flag);
  Atomics.add(flag, 0, 1);
  while (Atomics.load(flag, 0) < wait.until) await new Promise(resolve => setTimeout(resolve, 1));
  return threadId;
}

export async function fails(kind: 'input' | 'plain' | 'nested'): Promise<never> {
  const plain = new RangeError('eleven is too many');
  if (kind === 'plain') throw plain;
  if (kind === 'nested') throw new RecodiError('device', 'no such device', { cause: plain });
  throw new RecodiError('input', 'line 3: expected a number, got "x"');
}

export async function dies(): Promise<never> {
  process.exit(7);
}

export type Death = {
  readonly how: 'exit' | 'throw' | 'memory';
  readonly deaths: SharedArrayBuffer;
  readonly most: number;
};

/** Ends its thread the first `most` times, then answers. */
export async function diesAtFirst({ how, deaths, most }: Death): Promise<number> {
  const before = Atomics.add(new Int32Array(deaths), 0, 1);
  if (before >= most) return before;
  if (how === 'exit') process.exit(9);
  if (how === 'throw') {
    setTimeout(() => {
      throw new RangeError('out of nowhere');
    });
    await new Promise(() => {});
  }
  const hoard: object[] = [];
  for (;;) hoard.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
}

export async function cannotBeSent(): Promise<() => number> {
  return () => 1;
}

/** Blocks its whole thread, as a native run does, and counts itself when done. */
export async function blocks({ ms, done }: { ms: number; done: SharedArrayBuffer }): Promise<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  Atomics.add(new Int32Array(done), 0, 1);
}

export async function doubled(values: Float32Array): Promise<{ values: Float32Array; received: number }> {
  const result = { values: values.map(x => 2 * x), received: values.length };
  return moving(result, [result.values]);
}

export async function sumOf(shared: SharedFloats): Promise<number> {
  return localCopy(shared).reduce((sum, x) => sum + x, 0);
}

export const tasks = {
  whichThread: task(at, whichThread),
  fails: task(at, fails),
  dies: task(at, dies),
  diesAtFirst: task(at, diesAtFirst),
  cannotBeSent: task(at, cannotBeSent),
  blocks: task(at, blocks),
  doubled: task(at, doubled),
  sumOf: task(at, sumOf),
};

/** Tasks for the tests of remote pools: what a worker is asked to do there. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RecodiError } from '../run/errors.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import type { RemoteTasks } from './tasks.ts';

const at = import.meta.url;

export async function scaled({ params, by }: { params: SharedFloats; by: Float32Array }) {
  const copy = localCopy(params);
  return { values: by.map((x, i) => x * (copy[i] ?? Number.NaN)), version: params.version, none: Number.NaN };
}

export async function refuses(why: string): Promise<never> {
  throw new RecodiError('input', why, { cause: new RangeError('eleven') });
}

export async function readFolder({ folder, name }: { folder: string; name: string }): Promise<string> {
  return readFileSync(`${folder}/${name}`, 'utf8');
}

/** Notes that it has begun, waits until the gate is there, and says who it is. */
export async function waits({ note, gate, n }: { note: string; gate: string; n: number }): Promise<number> {
  appendFileSync(note, `${process.pid} ${n}\n`);
  while (!existsSync(gate)) await delay(20);
  return n * n;
}

export async function secret(): Promise<string> {
  return 'nobody may ask for this';
}

export const tasks = {
  scaled: task(at, scaled),
  refuses: task(at, refuses),
  readFolder: task(at, readFolder),
  waits: task(at, waits),
  secret: task(at, secret),
};

export const LISTED: RemoteTasks = {
  'test.scaled': { task: tasks.scaled, paths: [] },
  'test.refuses': { task: tasks.refuses, paths: [] },
  'test.folder': { task: tasks.readFolder, paths: ['folder'] },
  'test.waits': { task: tasks.waits, paths: [] },
};

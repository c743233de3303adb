/**
 * The property that every reader of files from elsewhere has: whatever the bytes are, it loads what it says it loads or
 * refuses with a RecodiError about the input. It never crashes or hangs, allocates in proportion to the files, and
 * touches nothing outside of their folder. Files begin valid, so that the damage reaches the deeper checks.
 */
import { sep } from 'node:path';
import { GCProfiler, type GCProfilerResult, getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { expect, inject, TestRunner } from 'vitest';
import { RecodiError } from '../tensor/errors.ts';
import { type FileEdit, type Files, sandbox } from './files.fixture.ts';
import { touchedBy } from './touched.fixture.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** How many damaged inputs each reader gets, and what they are drawn from. */
    readonly fuzz: { readonly runs: number; readonly seed: number };
  }
}

export interface Reader<T> {
  /** Valid files. */
  readonly files: Files;
  read(folder: string): T | Promise<T>;
  /** Expectations of what was loaded, however damaged. */
  check?(loaded: T): void;
  /** Folders, besides the files' own, that it may touch; undefined is any. */
  readonly mayTouch?: readonly string[] | undefined;
}

export interface Limits {
  /** Of CPU time, since other programs' work is not ours. */
  readonly milliseconds: number;
  /** Of memory taken, per byte of the files; and what is free. */
  readonly perByte: number;
  readonly free: number;
}

const LIMITS: Limits = { milliseconds: 2000, perByte: 4, free: 32 * 2 ** 20 };

/** What one reading did. */
export interface Reading {
  readonly loaded: boolean;
  /** Of CPU time. */
  readonly milliseconds: number;
  /** Most bytes by which the memory in use grew, also where they were given back at once. */
  readonly taken: number;
}

/** Bytes of JavaScript's objects and of the buffers that they hold. */
const inUse = ({ heapStatistics }: GCProfilerResult['statistics'][number]['beforeGC']) =>
  heapStatistics.usedHeapSize + heapStatistics.externalMemory;

/** How far the memory in use grew until the returned function is called: it is highest before collections of garbage. */
function watchMemory(): () => number {
  const now = () => {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    return heap + external;
  };
  const profiler = new GCProfiler();
  profiler.start();
  const start = now();
  return () => {
    const end = now();
    const { statistics } = profiler.stop();
    let [lowest, most] = [start, 0];
    for (const { beforeGC, afterGC } of statistics) {
      most = Math.max(most, inUse(beforeGC) - lowest);
      lowest = Math.min(lowest, inUse(afterGC));
    }
    return Math.max(most, end - lowest);
  };
}

/** Reads once, within the limits. */
export async function readOnce<T>(
  { read, check, ...reader }: Pick<Reader<T>, 'read' | 'check' | 'mayTouch'>,
  folder: string,
  bytes: number,
  limits = LIMITS,
): Promise<Reading> {
  const memory = watchMemory();
  const start = process.cpuUsage();
  const { paths, endless, outcome } = await touchedBy(() => read(folder));
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000;
  const taken = memory();
  expect(milliseconds, 'milliseconds of CPU time').toBeLessThan(limits.milliseconds);
  expect(taken, 'bytes taken').toBeLessThan(limits.perByte * bytes + limits.free);
  expect(endless, 'opened what never ends').toEqual([]);
  if (outcome.status === 'rejected') {
    const { reason } = outcome;
    if (!(reason instanceof RecodiError)) throw reason;
    expect(reason.code, reason.message).toMatch(/^(input|config)$/);
    expect(reason.message.length, 'the message').toBeLessThan(5000);
  }
  const allowed = 'mayTouch' in reader ? reader.mayTouch && [folder, ...reader.mayTouch] : [folder];
  if (allowed) {
    const strange = [...paths].filter(path => !allowed.some(root => path === root || path.startsWith(root + sep)));
    expect(strange, 'touched outside').toEqual([]);
  }
  const loaded = outcome.status === 'fulfilled';
  if (loaded) check?.(outcome.value);
  return { loaded, milliseconds, taken };
}

const number = fc.nat(2 ** 31 - 1);
const edit: fc.Arbitrary<FileEdit> = fc.record({ file: number, what: number, at: number, by: number });

/** Reads the files as they are, then damaged in as many ways as the run asks for. */
export async function survivesDamage<T>(reader: Reader<T>): Promise<void> {
  const { runs, seed } = inject('fuzz');
  const box = sandbox(reader.files);
  const counts = { loaded: 0, refused: 0 };
  let [slowest, largest] = [0, 0];
  try {
    const { loaded } = await readOnce({ ...reader, mayTouch: undefined }, box.folder, 0);
    expect(loaded, 'the files as they are').toBe(true);
    const property = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4, size: 'max' }), async edits => {
      try {
        const read = await readOnce(reader, box.folder, box.damage(edits));
        counts[read.loaded ? 'loaded' : 'refused'] += 1;
        slowest = Math.max(slowest, read.milliseconds);
        largest = Math.max(largest, read.taken);
      } finally {
        box.restore();
      }
    });
    await fc.assert(property, { numRuns: runs, seed });
  } finally {
    box.remove();
  }
  const { loaded, refused } = counts;
  const most = `at most ${slowest.toFixed()} ms and ${(largest / 2 ** 20).toFixed(1)} MiB each`;
  const summary = `${runs} inputs of seed ${seed}: ${loaded} loaded, ${refused} refused, ${most}`;
  await TestRunner.getCurrentTest()?.context.annotate(summary);
  expect(Math.min(loaded, refused), summary).toBeGreaterThan(0);
}

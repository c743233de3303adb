/**
 * The property that every reader of files from elsewhere has: whatever the bytes are, it loads what it says it loads or
 * refuses with a RecodiError about the input. It never crashes or hangs, allocates in proportion to the files, and
 * touches nothing outside of their folder. Files begin valid, so that the damage reaches the deeper checks.
 */
import { sep } from 'node:path';
import fc from 'fast-check';
import { expect, inject } from 'vitest';
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

const memory = () => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Reads once, within the limits. @returns whether it was loaded */
export async function readOnce<T>(
  { read, check, ...reader }: Pick<Reader<T>, 'read' | 'check' | 'mayTouch'>,
  folder: string,
  bytes: number,
  limits = LIMITS,
): Promise<boolean> {
  const before = memory();
  const start = process.cpuUsage();
  const { paths, outcome } = await touchedBy(() => read(folder));
  const { user, system } = process.cpuUsage(start);
  const taken = memory() - before;
  if (outcome.status === 'rejected') {
    const { reason } = outcome;
    if (!(reason instanceof RecodiError)) throw reason;
    expect(reason.code, reason.message).toMatch(/^(input|config)$/);
    expect(reason.message.length, 'the message').toBeLessThan(5000);
  }
  expect((user + system) / 1000, 'milliseconds of CPU time').toBeLessThan(limits.milliseconds);
  expect(taken, 'bytes taken').toBeLessThan(limits.perByte * bytes + limits.free);
  const allowed = 'mayTouch' in reader ? reader.mayTouch && [folder, ...reader.mayTouch] : [folder];
  if (allowed) {
    const strange = [...paths].filter(path => !allowed.some(root => path === root || path.startsWith(root + sep)));
    expect(strange, 'paths touched outside').toEqual([]);
  }
  if (outcome.status === 'rejected') return false;
  check?.(outcome.value);
  return true;
}

const number = fc.nat(2 ** 31 - 1);
const edit: fc.Arbitrary<FileEdit> = fc.record({ file: number, what: number, at: number, by: number });

/** Reads the files as they are, then damaged in as many ways as the run asks for. */
export async function survivesDamage<T>(reader: Reader<T>): Promise<void> {
  const { runs, seed } = inject('fuzz');
  const box = sandbox(reader.files);
  const counts = { loaded: 0, refused: 0 };
  try {
    expect(await readOnce({ ...reader, mayTouch: undefined }, box.folder, 0), 'the files as they are').toBe(true);
    const property = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4, size: 'max' }), async edits => {
      try {
        const loaded = await readOnce(reader, box.folder, box.damage(edits));
        counts[loaded ? 'loaded' : 'refused'] += 1;
      } finally {
        box.restore();
      }
    });
    await fc.assert(property, { numRuns: runs, seed });
  } finally {
    box.remove();
  }
  expect(Math.min(counts.loaded, counts.refused), JSON.stringify(counts)).toBeGreaterThan(0);
}

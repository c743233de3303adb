/** A JSONL file that another process is appending to: its whole lines from a byte on, once or for as long as somebody listens. */
import { constants } from 'node:buffer';
import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecodiError, show } from '../run/errors.ts';
import { onFile } from '../run/files.ts';
import type { JsonRecord } from '../run/jsonl.ts';

const NEWLINE = 10;

export interface Lines {
  readonly records: readonly JsonRecord[];
  /** Where the next line begins. */
  readonly end: number;
  /** The file is shorter than `from`: a resumed run has cut it, and what was read before counts no longer. */
  readonly cut: boolean;
}

/** Whole lines behind byte `from`; what follows the last newline is left for later. @throws RecodiError('input') */
export function linesFrom(path: string, from: number): Lines {
  const { size } = onFile(path, () => regularFile(path));
  if (size < from) return { records: [], end: 0, cut: true };
  if (size - from > constants.MAX_STRING_LENGTH)
    throw new RecodiError('input', `${path}: ${size} bytes, more than can be held as a text.`);
  const bytes = onFile(path, () => bytesFrom(path, from, size));
  const length = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes.toString('utf8', 0, length).split('\n').slice(0, -1);
  const records = lines.map((line, index) => {
    const record = parsed(line);
    if (record) return record;
    const where = from === 0 ? `${path}:${index + 1}` : path;
    throw new RecodiError('input', `${where}: expected one JSON object on the line, got ${show(line)}.`);
  });
  return { records, end: from + length, cut: false };
}

/** Looked at before it is opened: a pipe would be waited for, and a device might never end. */
function regularFile(path: string): Stats {
  const stat = statSync(path);
  if (!stat.isFile()) throw new RecodiError('input', `${path}: expected a file, and it is something else.`);
  return stat;
}

function bytesFrom(path: string, from: number, to: number): Buffer {
  const handle = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(to - from);
    return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, from));
  } finally {
    closeSync(handle);
  }
}

function parsed(line: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Yields new lines as they come, looking every `everyMs`, until `signal` aborts. */
export async function* followLines(
  path: string,
  { from, everyMs, signal }: { readonly from: number; readonly everyMs: number; readonly signal: AbortSignal },
): AsyncGenerator<Lines> {
  for (let end = from; !signal.aborted; ) {
    const lines = linesFrom(path, end);
    end = lines.end;
    if (lines.cut || lines.records.length > 0) yield lines;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * JSON lines that survive a crash. A record is one `write` of a whole line; the only damage a crash can leave is a
 * truncated last line, which opening for append cuts off (and says so). `sync` puts what was appended on the disk: call
 * it before writing a checkpoint that relies on it. `rewind` drops what a resumed run will write again.
 */
import { constants } from 'node:buffer';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { RecodiError, show } from './errors.ts';
import { onFile, readText, writeFileAtomic } from './files.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** Run files grow with a run; a longer one could not be held as a text. */
const SIZE_LIMIT = constants.MAX_STRING_LENGTH;

interface Lines {
  readonly records: JsonRecord[];
  /** What the records were read from. */
  readonly texts: string[];
  /** The last line is the beginning of a record. */
  readonly truncated: boolean;
  /** A whole last record without its newline. */
  readonly unterminated: boolean;
}

function parseRecord(line: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
  } catch {
    return undefined;
  }
}

function readLines(path: string): Lines {
  const lines = readText(path, SIZE_LIMIT).split('\n');
  const tail = lines.pop() ?? '';
  const records = lines.map((line, index) => {
    const record = parseRecord(line);
    if (!record)
      throw new RecodiError('input', `${path}:${index + 1}: expected one JSON object on the line, got ${show(line)}.`);
    return record;
  });
  const last = tail === '' ? undefined : parseRecord(tail);
  if (last) {
    records.push(last);
    lines.push(tail);
  }
  return { records, texts: lines, truncated: tail !== '' && !last, unterminated: last !== undefined };
}

/** All records; a truncated last line is left out. @throws RecodiError('input') with file and line for any other damage. */
export function readJsonl(path: string): JsonRecord[] {
  return readLines(path).records;
}

/** Records as the text of a JSONL file. Numbers that JSON has no word for (NaN, infinities) become null. */
export function formatJsonl(records: readonly JsonRecord[]): string {
  return records.map(record => `${JSON.stringify(record)}\n`).join('');
}

export interface JsonlWriter {
  append(records: JsonRecord | readonly JsonRecord[]): void;
  sync(): void;
  close(): void;
}

export interface JsonlOptions {
  /** Called with a sentence when a truncated last line was cut off. */
  readonly warn?: (message: string) => void;
  /** Keeps the records up to the first that fails this test, and drops it and everything after it. */
  readonly rewind?: (record: JsonRecord) => boolean;
}

/** Opens for append, repaired and rewound; a missing file starts empty. */
export function openJsonl(path: string, { warn, rewind }: JsonlOptions = {}): JsonlWriter {
  if (existsSync(path)) repair(path, warn, rewind);
  const handle = onFile(path, () => openSync(path, 'a'));
  return {
    append(records) {
      const text = formatJsonl(Array.isArray(records) ? records : [records as JsonRecord]);
      onFile(path, () => {
        const bytes = Buffer.from(text);
        for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
      });
    },
    sync: () => onFile(path, () => fsyncSync(handle)),
    close: () => onFile(path, () => closeSync(handle)),
  };
}

function repair(path: string, warn: JsonlOptions['warn'], rewind: JsonlOptions['rewind']): void {
  const { records, texts, truncated, unterminated } = readLines(path);
  const end = rewind ? records.findIndex(record => !rewind(record)) : -1;
  if (truncated) warn?.(`${path}: cut off a truncated last line that an interrupted write left.`);
  if (end >= 0 || unterminated)
    writeFileAtomic(path, (end >= 0 ? texts.slice(0, end) : texts).map(text => `${text}\n`).join(''));
  else if (truncated) onFile(path, () => truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1));
}

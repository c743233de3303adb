/**
 * The run's log: JSON lines with times, written synchronously by pino, so that the last lines before a crash are there.
 */
import { openSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { onFile } from './files.ts';

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Appends to `path`; entries are `{level, time, ...fields, msg}`. */
export function openLog(path: string): Log {
  const descriptor = onFile(path, () => openSync(path, 'a'));
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: label => ({ level: label }) } },
    pino.destination({ fd: descriptor, sync: true }),
  );
}

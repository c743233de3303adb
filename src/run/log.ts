/**
 * The run's log: JSON lines with times, written synchronously by pino, so that the last lines before a crash are there. A log
 * that cannot be written (a full disk) stops nothing: what the run itself writes next says so.
 */
import { openSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { onFile } from './files.ts';

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Appends to `path`; entries are `{level, time, ...fields, msg}`. */
export function openLog(path: string): Log {
  const descriptor = onFile(path, () => openSync(path, 'a'));
  const destination = pino.destination({ fd: descriptor, sync: true });
  destination.on('error', () => {});
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: label => ({ level: label }) } },
    destination,
  );
}

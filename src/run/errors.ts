/**
 * Errors as the user meets them: one sentence, an exit status that a script can act on, a stack only with --debug.
 * What the operating system reports (no such file, no permission, disk full) becomes a `RecodiError` here.
 */
import { type ErrorCode, RecodiError } from '../tensor/errors.ts';

export { type ErrorCode, RecodiError, show } from '../tensor/errors.ts';

const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: 2,
  config: 2,
  input: 3,
  gate: 1,
  device: 1,
  internal: 1,
};

/** Exit status: 1 gate, device or internal, 2 usage or config, 3 unreadable input. (0 is success, 130 and 143 interrupts.) */
export function exitCode(error: RecodiError): number {
  return EXIT_CODES[error.code];
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder; check the path',
  EACCES: 'no permission; change the permissions or use another folder',
  EPERM: 'no permission; change the permissions or use another folder',
  EROFS: 'the file system is read-only; use another folder',
  ENOSPC: 'the disk is full; free some space and run the command again',
  EDQUOT: 'the disk quota is used up; free some space and run the command again',
  ERR_FS_EISDIR: 'it is a folder where a file was expected',
  EISDIR: 'it is a folder where a file was expected',
  ENOTDIR: 'a part of the path is a file where a folder was expected',
  EEXIST: 'it exists already',
  ELOOP: 'its links lead in a circle; correct them',
  ENAMETOOLONG: 'no path is this long; correct it',
  ENXIO: 'it is something that cannot be read',
  EIO: 'the disk could not be read; look after it, or use a copy',
  ERR_INVALID_ARG_VALUE: 'no path holds a NUL character; correct it',
  ERR_STRING_TOO_LONG: 'it is longer than a text may be',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
};

/** Of a path in a message. */
const LONGEST_PATH = 1000;

/** The operating system's error as a `RecodiError('input')`, or undefined where `cause` is something else. */
export function systemError(cause: unknown, path?: string): RecodiError | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return undefined;
  const reason = SYSTEM_REASONS[cause.code];
  const whole = path ?? ('path' in cause && typeof cause.path === 'string' ? cause.path : undefined);
  const where = whole !== undefined && whole.length > LONGEST_PATH ? `${whole.slice(0, LONGEST_PATH)}…` : whole;
  if (reason === undefined || where === undefined) return undefined;
  return new RecodiError('input', `${where}: ${reason} (${cause.code}).`, { cause });
}

/** Any thrown value as a `RecodiError`; what nobody foresaw becomes `internal`. */
export function toRecodiError(thrown: unknown): RecodiError {
  if (thrown instanceof RecodiError) return thrown;
  const system = systemError(thrown);
  if (system) return system;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RecodiError('internal', `unexpected: ${message} (run again with --debug for the stack).`, {
    cause: thrown,
  });
}

/** Writes the sentence to stderr (with the stack where `debug`), as JSON to stdout too where `json`; returns the exit status. */
export function reportError(thrown: unknown, { debug = false, json = false } = {}): number {
  const error = toRecodiError(thrown);
  process.stderr.write(`recodi: ${error.message}\n`);
  if (debug) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      process.stderr.write(`${cause.stack}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
  return exitCode(error);
}

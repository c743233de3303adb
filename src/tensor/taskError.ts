/**
 * Errors on their way from a worker to the caller. Structured clone keeps an error's message and loses its class and code, so a
 * worker flattens what it caught into a plain record and the pool revives it: a RecodiError keeps code, message, stack and
 * cause; anything else becomes an `internal` RecodiError that names the task and carries the original as its cause.
 */
import { type ErrorCode, RecodiError } from './errors.ts';

export type FlatError = {
  readonly code?: ErrorCode;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: FlatError;
};

export function flatten(error: unknown): FlatError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...(error instanceof RecodiError && { code: error.code }),
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && { cause: flatten(error.cause) }),
  };
}

export function revive(flat: FlatError, task: string): RecodiError {
  if (flat.code !== undefined) return restore(flat, flat.code);
  return new RecodiError('internal', `task ${task} failed: ${flat.message}`, { cause: plain(flat) });
}

function restore(flat: FlatError, code: ErrorCode): RecodiError {
  const error = new RecodiError(code, flat.message, causeOf(flat));
  if (flat.stack !== undefined) error.stack = flat.stack;
  return error;
}

function plain(flat: FlatError): Error {
  if (flat.code !== undefined) return restore(flat, flat.code);
  const error = new Error(flat.message, causeOf(flat));
  error.name = flat.name;
  if (flat.stack !== undefined) error.stack = flat.stack;
  return error;
}

const causeOf = (flat: FlatError) => (flat.cause === undefined ? {} : { cause: plain(flat.cause) });

/**
 * The project's one error class. A message says what was expected, what came instead, where, and what to do next;
 * the code says whose turn it is (the user's command line, the user's files, the device, a failed gate, or us) and
 * fixes the process's exit status. It lives in the lowest layer so that every layer can throw it.
 */
export type ErrorCode = 'usage' | 'config' | 'input' | 'device' | 'gate' | 'internal';

export class RecodiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RecodiError';
    this.code = code;
  }
}

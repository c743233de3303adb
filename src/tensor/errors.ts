/**
 * The project's one error class. A message says what was expected, what came instead, where, and what to do next;
 * the code says whose turn it is (the user's command line, the user's files, the device, a failed gate, or us) and
 * fixes the process's exit status. It lives in the lowest layer so that every layer can throw it.
 */
export type ErrorCode = 'usage' | 'config' | 'input' | 'device' | 'gate' | 'internal';

/** A message is for reading; what a file from elsewhere brings into it may be of any length. */
const LONGEST_MESSAGE = 4000;

export class RecodiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(shortened(message, LONGEST_MESSAGE), options);
    this.name = 'RecodiError';
    this.code = code;
  }
}

const SHOWN = 60;

const shortened = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);

/** A value from elsewhere as a message shows it: JSON, cut short; also what is nested too deep to be written. */
export function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that cannot be shown (nested too deep?)';
  }
  return shortened(text, SHOWN);
}

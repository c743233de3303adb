/**
 * How work is named so that another thread (or another machine) can find it: the module's URL and the name of an exported
 * function. Inputs and results are plain data that structured clone can copy.
 */
import { RecodiError } from './errors.ts';

export type TaskRef<I, O> = {
  readonly module: string;
  readonly name: string;
  /** Never set: it carries the types of input and result from `task` to `run`. */
  readonly signature?: (input: I) => Promise<O>;
};

/** Names the exported function `fn` of the module at `moduleUrl` (its `import.meta.url`). Throws `internal` for an unnamed function. */
export function task<I, O>(moduleUrl: string, fn: (input: I) => Promise<O>): TaskRef<I, O> {
  if (fn.name === '' || fn.name === 'default') {
    throw new RecodiError(
      'internal',
      `expected a task exported under its own name from ${moduleUrl}, got one without a name`,
    );
  }
  return { module: moduleUrl, name: fn.name };
}

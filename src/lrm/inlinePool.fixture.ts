/** For tests: a pool whose tasks run in this thread, one after the other, on the device that the test has chosen. */
import type { Pool, TaskRef } from '../tensor/pool.ts';

export function inlinePool(): Pool {
  let last: Promise<unknown> = Promise.resolve();
  async function perform<I, O>({ module, name }: TaskRef<I, O>, input: I): Promise<O> {
    const exports = (await import(module)) as Record<string, (input: I) => Promise<O>>;
    return exports[name]!(input);
  }
  return {
    size: 1,
    run(task, input, { signal } = {}) {
      const result = last.then(() => {
        signal?.throwIfAborted();
        return perform(task, input);
      });
      last = result.catch(() => undefined);
      return result;
    },
    stats: () => ({}),
    close: async () => {},
  };
}

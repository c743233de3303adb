/** What the cases that compute in a pool share. */
import type { Pool } from '../../src/tensor/pool.ts';

/** Milliseconds of making sessions, per worker. */
export function sessionMs(pool: Pool): number {
  const { captureMs = 0, sessionMs: native = 0 } = pool.stats();
  return (captureMs + native) / pool.size;
}

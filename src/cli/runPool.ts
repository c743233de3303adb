/**
 * The pool of a run of the main job, by its config's `rollout`: threads of this process, or workers on any machines (src/remote),
 * which is loaded only where it is asked for.
 */
import type { TrainConfig } from '../rl/config.ts';
import type { Pool } from '../tensor/pool.ts';
import type { CommandContext } from './command.ts';
import { withPool } from './start.ts';

/** Opens the pool and closes it whatever happens. `onLost` hears of workers that died and were replaced. */
export async function withRunPool<T>(
  config: Pick<TrainConfig, 'rollout' | 'lrm' | 'workers' | 'device'>,
  { signal, progress }: Pick<CommandContext, 'signal' | 'progress'>,
  work: (pool: Pool) => Promise<T>,
  onLost?: (sentence: string) => void,
): Promise<T> {
  const { rollout, lrm, device } = config;
  if (rollout.pool === 'piscina') return withPool(config, work, onLost);
  const { createRemotePool } = await import('../remote/pool.ts');
  const say = onLost ?? (sentence => progress.note(sentence));
  const pool = await createRemotePool({ redis: rollout.redis, device, models: [lrm], signal, say });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}

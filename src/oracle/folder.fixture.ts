/** For tests: an oracle on a tiny model, whose parameters nobody has trained. */
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { type OracleConfig, oracleConfigSchema } from './config.ts';
import { makeOracle, saveOracle } from './folder.ts';
import { initialOracle } from './model.ts';
import type { Statistics } from './rows.ts';

/** Of the fixture's latent-reasoning model. */
export const OF = { targetSize: 12, layers: 2 } as const;

export const oracleConfig = (changes: object = {}): OracleConfig =>
  oracleConfigSchema.parse({ name: 'test', run: '/runs/thinking', tasks: { which_step: 1 }, ...changes });

const column = (start: number) => Float32Array.from({ length: OF.targetSize }, (_, i) => start + i);

export const statistics: Statistics = new Map([
  [2, { mean: column(0), deviation: column(1) }],
  [1, { mean: column(-5), deviation: column(0.5) }],
]);

/** Written into `folder`, which `model` may become an oracle in. */
export async function savedOracle(folder: string, model: string, changes: object = {}) {
  const oracle = await makeOracle(folder, oracleConfig(changes), { model, ...OF });
  const params = initialOracle(oracle.spec, uniformsFrom(1));
  saveOracle(folder, oracle, params, statistics, 7);
  return { oracle, params };
}

/** For tests of what the inspector asks: an oracle that was never trained, as a run folder beside the run whose thoughts it is asked about. */
import { dirname } from 'node:path';
import type { Bench } from '../eval/bench.ts';
import { type AskableOracle, openOracle } from '../oracle/ask.ts';
import { oracleConfigSchema } from '../oracle/config.ts';
import { makeOracle, saveOracle } from '../oracle/folder.ts';
import { initialOracle } from '../oracle/model.ts';
import { statisticsOf } from '../oracle/statistics.ts';
import { createRun } from '../run/paths.ts';
import { stream } from '../run/random.ts';

/** Needs a device where it is asked. */
export async function smallOracle(bench: Bench): Promise<AskableOracle> {
  const { paths: of, config: run, client, sets } = bench;
  const { layers, hiddenSize: d } = client.lrm.spec.model;
  const config = oracleConfigSchema.parse({
    name: 'oracle',
    run: of.folder,
    tasks: { question: 1 },
    max_new_tokens: 8,
  });
  const paths = createRun(dirname(of.folder), oracleConfigSchema, config);
  const oracle = await makeOracle(paths.oracle, config, { model: run.lrm, targetSize: d, layers });
  const statistics = statisticsOf(new Map([[layers, sets.get('train')!.states]]), d);
  saveOracle(paths.oracle, oracle, initialOracle(oracle.spec, stream(1, 'oracle.fixture')), statistics, 0);
  return openOracle(config, paths.oracle, bench, bench);
}

/**
 * Begins and resumes the main job, and makes its held-out table: what `recodi train` and `recodi resume` do between their
 * arguments and src/rl and src/eval.
 */
import { relative } from 'node:path';
import { openBench } from '../eval/bench.ts';
import { evaluateRun } from '../eval/table.ts';
import { type TrainConfig, trainConfigSchema } from '../rl/config.ts';
import { runTraining } from '../rl/train.ts';
import { loadConfig } from '../run/config/load.ts';
import { openLog } from '../run/log.ts';
import { createRun, openRun, type RunPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { formatEvaluation } from './evalTable.ts';
import { overrides, type StartOptions, withPool } from './start.ts';

export interface TrainingOptions extends StartOptions {
  /** false: train only. */
  readonly eval: boolean;
}

export async function beginTraining(context: CommandContext, file: string, options: TrainingOptions): Promise<void> {
  const config = loadConfig(trainConfigSchema, file, overrides(options));
  await train(context, config, createRun(options.runs, trainConfigSchema, config, options), {
    resume: false,
    evaluate: options.eval,
  });
}

export async function resumeTraining(
  context: CommandContext,
  folder: string,
  sets: readonly string[],
  options: Pick<TrainingOptions, 'eval'>,
): Promise<void> {
  const { config, paths } = openRun(folder, trainConfigSchema, sets);
  await train(context, config, paths, { resume: true, evaluate: options.eval });
}

async function train(
  { signal, progress, print }: CommandContext,
  config: TrainConfig,
  paths: RunPaths,
  { resume, evaluate }: { readonly resume: boolean; readonly evaluate: boolean },
) {
  const log = openLog(paths.log);
  const run = relative('.', paths.folder);
  await withPool(config, async pool => {
    const { finished } = await runTraining({ config, paths, pool, signal, resume, progress, log });
    if (!finished) return progress.note(`Interrupted; go on with \`recodi resume ${run}\`.`);
    const trained = `Trained; the run is in ${run}`;
    if (!evaluate) return print({ run: paths.folder, finished }, trained);
    progress.note(`${trained}; now the held-out table, which \`recodi eval ${run}\` makes too.`);
    const evaluation = await evaluateRun(await openBench({ config, paths, pool, signal, progress }));
    print({ run: paths.folder, finished, evaluation }, () => formatEvaluation(evaluation));
  });
}

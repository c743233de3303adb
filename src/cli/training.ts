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
import { createRun, openRun, type RunPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { formatEvaluation } from './evalTable.ts';
import { type OwnedRun, withOwnedRun } from './ownedRun.ts';
import { withRunPool } from './runPool.ts';
import { checkpointOverrides, overrides, type ResumeOptions, type StartOptions } from './start.ts';

export interface TrainingOptions extends StartOptions {
  /** false: train only. */
  readonly eval: boolean;
}

export async function beginTraining(context: CommandContext, file: string, options: TrainingOptions): Promise<void> {
  const sets = [...overrides(options), ...checkpointOverrides(options, 'ppo.')];
  const config = loadConfig(trainConfigSchema, file, sets);
  await train(context, config, createRun(options.runs, trainConfigSchema, config, options), {
    resume: false,
    evaluate: options.eval,
  });
}

export async function resumeTraining(context: CommandContext, folder: string, options: ResumeOptions): Promise<void> {
  const sets = [...overrides(options), ...checkpointOverrides(options, 'ppo.')];
  const { config, paths } = openRun(folder, trainConfigSchema, sets);
  await train(context, config, paths, { resume: true, evaluate: options.eval !== false });
}

async function train(
  context: CommandContext,
  config: TrainConfig,
  paths: RunPaths,
  { resume, evaluate }: { readonly resume: boolean; readonly evaluate: boolean },
) {
  const { signal, progress, print } = context;
  const run = relative('.', paths.folder);
  const work = ({ log, warn }: OwnedRun) =>
    withRunPool(
      config,
      context,
      async pool => {
        const { finished } = await runTraining({ config, paths, pool, signal, resume, progress, log, warn });
        if (!finished) return false;
        const trained = `Trained; the run is in ${run}`;
        if (evaluate) {
          progress.note(`${trained}; now the held-out table, which \`recodi eval ${run}\` makes too.`);
          const evaluation = await evaluateRun(await openBench({ config, paths, pool, signal, progress }));
          print({ run: paths.folder, finished, evaluation }, () => formatEvaluation(evaluation));
        } else print({ run: paths.folder, finished }, trained);
        return true;
      },
      warn,
    );
  await withOwnedRun(context, paths, work);
}

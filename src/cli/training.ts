/**
 * Begins and resumes the main job: what `recodi train` and `recodi resume` do between their arguments and src/rl.
 */
import { relative } from 'node:path';
import { type TrainConfig, trainConfigSchema } from '../rl/config.ts';
import { runTraining } from '../rl/train.ts';
import { loadConfig } from '../run/config/load.ts';
import { openLog } from '../run/log.ts';
import { createRun, openRun, type RunPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { overrides, type StartOptions, withPool } from './start.ts';

export async function beginTraining(context: CommandContext, file: string, options: StartOptions): Promise<void> {
  const config = loadConfig(trainConfigSchema, file, overrides(options));
  await train(context, config, createRun(options.runs, trainConfigSchema, config, options), false);
}

export async function resumeTraining(context: CommandContext, folder: string, sets: readonly string[]): Promise<void> {
  const { config, paths } = openRun(folder, trainConfigSchema, sets);
  await train(context, config, paths, true);
}

async function train(
  { signal, progress, print }: CommandContext,
  config: TrainConfig,
  paths: RunPaths,
  resume: boolean,
) {
  const log = openLog(paths.log);
  const run = relative('.', paths.folder);
  await withPool(config, async pool => {
    const { finished } = await runTraining({ config, paths, pool, signal, resume, progress, log });
    if (finished) print({ run: paths.folder, finished }, `Trained; the run is in ${run}\n`);
    else progress.note(`Interrupted; go on with \`recodi resume ${run}\`.`);
  });
}

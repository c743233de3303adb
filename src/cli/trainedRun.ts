/** Opens a trained run for the commands that read one: `eval`, `label`, `invert`, `audit`, and the inspector. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Bench, openBench } from '../eval/bench.ts';
import { type TrainConfig, trainConfigSchema } from '../rl/config.ts';
import { RecodiError } from '../run/errors.ts';
import { openRun, type RunPaths, runPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { kindOfFile } from './configKinds.ts';
import { withRunPool } from './runPool.ts';
import { overrides, type ReadingOptions } from './start.ts';

/**
 * The config and the paths of a run of the main job that can be read.
 * @throws RecodiError('input') for a folder that is no run of the main job, or whose policy is not there yet.
 */
export function openTrainedRun(folder: string, sets: readonly string[]): { config: TrainConfig; paths: RunPaths } {
  const file = runPaths(folder).config;
  if (existsSync(file) && kindOfFile(file) !== 'train')
    throw new RecodiError(
      'input',
      `${folder}: a run of \`recodi lrm train\`; name a run of \`recodi train\`, or look at the model with \`recodi lrm eval ${join(folder, 'model')}\`.`,
    );
  const { config, paths } = openRun(folder, trainConfigSchema, sets);
  if (!existsSync(join(paths.policy, 'policy.json')))
    throw new RecodiError(
      'input',
      `${paths.policy}: no trained policy yet; go on with the run by \`recodi resume ${relative('.', paths.folder)}\`.`,
    );
  return { config, paths };
}

/** Calls `work` with the run's targets, views and policies, and a pool that is closed afterwards. Throws as `openTrainedRun` does. */
export async function withTrainedRun<T>(
  { signal, progress }: CommandContext,
  folder: string,
  options: ReadingOptions,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const { config, paths } = openTrainedRun(folder, overrides(options));
  return withRunPool(config, { signal, progress }, async pool =>
    work(await openBench({ config, paths, pool, signal, progress })),
  );
}

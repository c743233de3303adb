/** `recodi resume RUN`: goes on with an interrupted run from its newest checkpoint, as if it had never stopped. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type CommandContext, defineCommand } from './command.ts';
import type { KindName } from './configKinds.ts';
import { type ComputeOptions, computeOptions, overrides } from './start.ts';

interface ResumeOptions extends ComputeOptions {
  readonly eval: boolean;
}

type Resume = (
  context: CommandContext,
  folder: string,
  sets: readonly string[],
  options: ResumeOptions,
) => Promise<void>;

const RESUME: Readonly<Record<KindName, Resume>> = {
  train: async (...given) => (await import('./training.ts')).resumeTraining(...given),
  lrm: async (context, folder, sets) => (await import('./lrmTraining.ts')).resumeLrmTraining(context, folder, sets),
};

export function registerResume(program: Command): void {
  defineCommand<ResumeOptions>(
    computeOptions(
      program
        .command('resume')
        .description('go on with an interrupted run, to the same numbers as if it had never stopped')
        .argument('<run>', 'run folder')
        .option('--no-eval', 'of the main job: train only; `recodi eval` makes the table later'),
    ),
    {
      examples: ['recodi resume runs/arithmetic', 'recodi resume runs/arithmetic --workers 8'],
      work: async (context, options, folder = '') => {
        const { kindOfFile } = await import('./configKinds.ts');
        const { runPaths } = await import('../run/paths.ts');
        const { config } = runPaths(folder);
        const kind = existsSync(config) ? kindOfFile(config) : 'train';
        await RESUME[kind](context, folder, overrides(options), options);
      },
    },
  );
}

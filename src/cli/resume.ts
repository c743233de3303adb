/** `recodi resume RUN`: goes on with an interrupted run from its newest checkpoint, as if it had never stopped. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type CommandContext, defineCommand } from './command.ts';
import type { KindName } from './configKinds.ts';
import { checkpointOptions, computeOptions, type ResumeOptions } from './start.ts';

type Resume = (context: CommandContext, folder: string, options: ResumeOptions) => Promise<void>;

const RESUME: Readonly<Record<KindName, Resume>> = {
  train: async (...given) => (await import('./training.ts')).resumeTraining(...given),
  lrm: async (...given) => (await import('./lrmTraining.ts')).resumeLrmTraining(...given),
  oracle: async (...given) => (await import('./oracleTraining.ts')).resumeOracleTraining(...given),
};

export function registerResume(program: Command): void {
  defineCommand<ResumeOptions>(
    computeOptions(
      checkpointOptions(
        program
          .command('resume')
          .description(
            'go on with an interrupted run from its last good checkpoint, to the same numbers as if it had never stopped',
          )
          .argument('<run>', 'run folder')
          .option('--no-eval', 'of the main job: train only; `recodi eval` makes the table later'),
      ),
    ),
    {
      examples: ['recodi resume runs/arithmetic', 'recodi resume runs/arithmetic --workers 8'],
      work: async (context, options, folder = '') => {
        const { kindOfFile } = await import('./configKinds.ts');
        const { runPaths } = await import('../run/paths.ts');
        const { config } = runPaths(folder);
        const kind = existsSync(config) ? kindOfFile(config) : 'train';
        await RESUME[kind](context, folder, options);
      },
      supervised: true,
    },
  );
}

/** `recodi train CONFIG`: the main job, from a config to inverted latent thoughts. */
import type { Command } from 'commander';
import { defineCommand } from './command.ts';
import { startOptions } from './start.ts';
import type { TrainingOptions } from './training.ts';

export function registerTrain(program: Command): void {
  defineCommand<TrainingOptions>(
    startOptions(
      program
        .command('train')
        .description(
          'the main job: targets, warm start, PPO, held-out table; Ctrl-C leaves a checkpoint for `recodi resume`',
        )
        .argument('<config>', 'YAML file')
        .option('--no-eval', 'train only; `recodi eval` makes the table later'),
    ),
    {
      examples: [
        'recodi train configs/quickstart.yaml',
        'recodi train configs/arithmetic.yaml --name second --set seed=2',
      ],
      work: async (context, options, file = '') => {
        const { beginTraining } = await import('./training.ts');
        await beginTraining(context, file, options);
      },
      supervised: true,
    },
  );
}

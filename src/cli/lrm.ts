/** `recodi lrm train|eval`: makes a latent-reasoning model, and says what one can do. */
import { type Command, Option } from 'commander';
import { defineCommand, wholeNumber } from './command.ts';
import type { EvaluationOptions } from './lrmTraining.ts';
import { computeOptions, type StartOptions, startOptions } from './start.ts';

export function registerLrm(program: Command): void {
  const lrm = program.command('lrm').description('latent-reasoning models: train, evaluate').helpCommand(false);

  defineCommand<StartOptions>(
    startOptions(
      lrm
        .command('train')
        .description('train a latent-reasoning model from nothing; Ctrl-C leaves a checkpoint for `recodi resume`')
        .argument('<config>', 'YAML file'),
    ),
    {
      examples: [
        'recodi lrm train configs/lrm/arithmetic.yaml',
        'recodi lrm train configs/lrm/arithmetic.yaml --set seed=2 --name seed2',
      ],
      work: async (context, options, file = '') => {
        const { beginLrmTraining } = await import('./lrmTraining.ts');
        await beginLrmTraining(context, file, options);
      },
      supervised: true,
    },
  );

  defineCommand<EvaluationOptions>(
    computeOptions(
      lrm
        .command('eval')
        .description('accuracy with 0…N latent steps, with explicit chains and without thoughts; what the lens shows')
        .argument('<folder>', 'the model')
        .option('--problems <n>', 'how many problems', wholeNumber, 512)
        .option('--steps <n>', 'steps of the problems; default: as the world mixes them', wholeNumber)
        .addOption(
          new Option('--split <split>', 'which problems').choices(['train', 'validation', 'test']).default('test'),
        )
        .option(
          '--config <file>',
          'config whose world poses the problems; default: the one that the model was trained on',
        ),
    ),
    {
      examples: [
        'recodi lrm eval models/arithmetic',
        'recodi lrm eval models/arithmetic --problems 2000 --steps 3 --json',
      ],
      work: async (context, options, folder = '') => {
        const { evaluateFolder } = await import('./lrmTraining.ts');
        const { formatEvaluation } = await import('./lrmTable.ts');
        const evaluation = await evaluateFolder(context, folder, options);
        context.print(evaluation, () => formatEvaluation(evaluation));
      },
    },
  );
}

/** `recodi lrm train|eval|probe`: makes a latent-reasoning model, says what one can do, and what its latents hold. */
import { type Command, Option } from 'commander';
import { defineCommand, wholeNumber } from './command.ts';
import type { EvaluationOptions, ProbeOptions } from './lrmTraining.ts';
import { computeOptions, type StartOptions, startOptions } from './start.ts';

export function registerLrm(program: Command): void {
  const lrm = program.command('lrm').description('latent-reasoning models: train, evaluate, probe').helpCommand(false);

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

  defineCommand<ProbeOptions>(
    computeOptions(
      lrm
        .command('probe')
        .description('what the latents hold: linear probes, translators to the own chains, interventions, and controls')
        .argument('<folder>', 'the model')
        .option('--beside <folders...>', 'models whose latents are probed for the same')
        .option('--problems <n>', 'problems to fit on', wholeNumber, 4000)
        .option('--held <n>', 'held-out problems', wholeNumber, 400)
        .option('--steps <n>', 'steps of the problems; default: the most that there are', wholeNumber)
        .option(
          '--config <file>',
          'config whose world poses the problems; default: the one that the model was trained on',
        ),
    ),
    {
      examples: [
        'recodi lrm probe models/arithmetic',
        'recodi lrm probe models/arithmetic --beside runs/lrm-arithmetic-pause/model --json',
      ],
      work: async (context, options, folder = '') => {
        const { probeFolder } = await import('./lrmTraining.ts');
        const { formatMap } = await import('./lrmTable.ts');
        const map = await probeFolder(context, folder, options);
        context.print(map, () => formatMap(map));
      },
    },
  );
}

/** `recodi oracle train|eval|ask`: a language model that answers questions about latent thoughts. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { defineCommand } from './command.ts';
import type { AskOptions } from './oracleTraining.ts';
import { type ComputeOptions, computeOptions, type StartOptions, startOptions } from './start.ts';

function stepsOption(value: string, before: readonly number[] = []): number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(value))
    throw new InvalidArgumentError('Expected numbers of latent steps, as 3 or 0,1.');
  return [...before, ...value.split(',').map(Number)];
}

export function registerOracle(program: Command): void {
  const oracle = program
    .command('oracle')
    .description('oracles, which answer questions about latent thoughts: train, evaluate, ask')
    .helpCommand(false);

  defineCommand<StartOptions>(
    startOptions(
      oracle
        .command('train')
        .description(
          'train an oracle on questions about the thoughts of a run; Ctrl-C leaves a checkpoint for `recodi resume`',
        )
        .argument('<config>', 'YAML file'),
    ),
    {
      examples: [
        'recodi oracle train configs/oracle/all.yaml',
        'recodi oracle train configs/oracle/all.yaml --set seed=2 --name oracle-2',
      ],
      work: async (context, options, file = '') => {
        const { beginOracleTraining } = await import('./oracleTraining.ts');
        await beginOracleTraining(context, file, options);
      },
      supervised: true,
    },
  );

  defineCommand<ComputeOptions>(
    computeOptions(
      oracle
        .command('eval')
        .description('ask an oracle about held-out problems: per task, and freely, beside its controls')
        .argument('<oracle>', 'run folder of the oracle'),
    ),
    {
      examples: ['recodi oracle eval runs/oracle-all'],
      work: async (context, options, folder = '') => {
        const { evaluateOracleRun } = await import('./oracleTraining.ts');
        const { formatOracle } = await import('./oracleText.ts');
        const evaluation = await evaluateOracleRun(context, folder, options);
        context.print(evaluation, () => formatOracle(evaluation));
      },
    },
  );

  defineCommand<AskOptions>(
    computeOptions(
      oracle
        .command('ask')
        .description("ask about a problem's thought; without a question, those that are typed, line by line")
        .argument('<oracle>', 'run folder of the oracle')
        .argument('[question]', 'in words that it knows, parted by spaces where it has a vocabulary of words')
        .option('--run <folder>', 'run whose thoughts are asked about; default: the one that it was trained on')
        .option('--problem <id>', 'id of a problem, as in targets.jsonl; default: the first test problem')
        .option(
          '--step <k>',
          'latent steps that are shown, 0 is the state at <bot> (repeatable; default: all)',
          stepsOption,
        ),
    ),
    {
      examples: ['recodi oracle ask runs/oracle-all --step 1 "What is the model thinking about at this step ?"'],
      work: async (context, options, folder = '', question) => {
        const { askOracle } = await import('./oracleTraining.ts');
        await askOracle(context, folder, question, options);
      },
    },
  );
}

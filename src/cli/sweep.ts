/** `recodi sweep CONFIG…`: several configs, each for several seeds, to one table. */
import { type Command, InvalidArgumentError } from 'commander';
import { defineCommand } from './command.ts';
import { type ComputeOptions, computeOptions, settingOption } from './start.ts';

interface SweepOptions extends ComputeOptions {
  readonly seeds?: readonly number[];
  readonly runs: string;
  readonly row?: string;
  readonly set?: readonly string[];
}

function seedList(value: string): number[] {
  const seeds = value.split(',').map(Number);
  if (seeds.every(seed => Number.isSafeInteger(seed) && seed >= 0)) return seeds;
  throw new InvalidArgumentError('Expected whole numbers parted by commas, as 1,2,3.');
}

export function registerSweep(program: Command): void {
  defineCommand<SweepOptions>(
    computeOptions(
      settingOption(
        program
          .command('sweep')
          .description(
            'train and evaluate several configs for several seeds, and show one table; started again it goes on where it was',
          )
          .argument(
            '<configs...>',
            'YAML files; a config of a model makes the model that those after it are run on, seed by seed',
          )
          .option('--seeds <list>', "seeds, as 1,2,3; default: each config's own", seedList)
          .option('--runs <folder>', 'folder that holds the runs, as <seed>/<name>', 'runs/sweep')
          .option('--row <name>', 'row of the held-out table that is shown, as greedy; default: that of eval.decode'),
      ),
    ),
    {
      examples: [
        'recodi sweep configs/arithmetic.yaml --seeds 1,2,3',
        'recodi sweep configs/lrm/arithmetic.yaml configs/arithmetic.yaml --seeds 1,2,3 --runs runs/models',
        'recodi sweep configs/algorithms/*.yaml --seeds 1,2,3 --row greedy',
      ],
      async work(context, options, ...given) {
        const { runSweep } = await import('./sweepRun.ts');
        await runSweep(context, given.flat(), options);
      },
    },
  );
}

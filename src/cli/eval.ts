/** `recodi eval RUN`: the held-out table, and the gates that it must pass. */
import type { Command } from 'commander';
import { defineCommand } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

interface EvalOptions extends ReadingOptions {
  readonly gate?: boolean | string;
  readonly control?: readonly string[];
}

export function registerEval(program: Command): void {
  defineCommand<EvalOptions>(
    readingOptions(
      program
        .command('eval')
        .description('the held-out table of a run: ours, baselines and controls; writes eval.json')
        .argument('<run>', 'run folder')
        .option('--control <runs...>', 'run folders on control models, evaluated before: shown beside this one')
        .option('--gate [file]', "exit 1 where a gate fails: of a YAML file, or those of the config's eval.gates"),
    ),
    {
      examples: [
        'recodi eval runs/arithmetic',
        'recodi eval runs/arithmetic --gate gates.yaml --json',
        'recodi eval runs/arithmetic --control runs/arithmetic-pause runs/arithmetic-stage-a',
      ],
      work: async (context, { gate = false, control = [], ...options }, folder = '') => {
        const { checkGateNames, checkGates, requireGates } = await import('../eval/gates.ts');
        const { evaluateRun } = await import('../eval/table.ts');
        const { gatesFileSchema } = await import('../rl/readingConfig.ts');
        const { loadConfig } = await import('../run/config/load.ts');
        const { besideControls } = await import('../eval/controls.ts');
        const { readTable } = await import('../eval/tableFile.ts');
        const { formatControls, formatEvaluation, formatGates } = await import('./evalTable.ts');
        const given = typeof gate === 'string' ? loadConfig(gatesFileSchema, gate).gates : undefined;
        const controls = control.map(readTable);
        const { withTrainedRun } = await import('./trainedRun.ts');
        await withTrainedRun(context, folder, options, async bench => {
          const gates = given ?? (gate ? bench.config.eval.gates : []);
          checkGateNames(
            gates,
            bench.views.views.map(view => view.id),
          );
          const evaluation = await evaluateRun(bench);
          const results = checkGates(evaluation, gates);
          const beside = control.length > 0 ? besideControls(evaluation, controls) : [];
          const value = {
            ...evaluation,
            ...(gate && { gates: results }),
            ...(control.length > 0 && { controls: beside }),
          };
          context.print(value, () =>
            [formatEvaluation(evaluation), ...formatControls(beside), ...formatGates(results)].join('\n'),
          );
          requireGates(results);
        });
      },
    },
  );
}

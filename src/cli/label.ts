/** `recodi label RUN`: every target of some problems with its text and every score it got, for oracle training and for people. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { defineCommand } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

export function registerLabel(program: Command): void {
  defineCommand<ReadingOptions>(
    readingOptions(
      program
        .command('label')
        .description(
          'write labels.jsonl and vectors.safetensors, and rows for activation oracles, as config.labels says',
        )
        .argument('<run>', 'run folder'),
    ),
    {
      examples: ['recodi label runs/arithmetic', 'recodi label runs/arithmetic --workers 8 --json'],
      work: async (context, options, folder = '') => {
        const { labelRun } = await import('../labels/label.ts');
        const { formatTable } = await import('./table.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const summary = await withTrainedRun(context, folder, options, labelRun);
        context.print(summary, () => {
          const { labels, accepted, views, files } = summary;
          const share = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(3) : '');
          const rows = Object.entries(views).map(([view, of]) => [
            view,
            String(of.labels),
            String(of.accepted),
            share(of.calibration?.precision),
            share(of.calibration?.brier),
          ]);
          const table = formatTable(
            ['view', 'labels', 'accepted', 'of them right', 'Brier score'],
            [...rows, ['all', String(labels), String(accepted), '', '']],
          );
          return `${table}\n${files.map(file => relative('.', file)).join('\n')}`;
        });
      },
    },
  );
}

/** `recodi label RUN`: every target of some problems with its text and every score it got, for oracle training and for people. */
import { relative } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_FORMATS, FORMATS, type Format } from '../labels/export/formats.ts';
import { defineCommand } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

interface LabelOptions extends ReadingOptions {
  readonly format?: readonly Format[];
}

function formatsOption(value: string, before: readonly Format[] = []): Format[] {
  const named = value.split(',').map(name => {
    const format = FORMATS.find(known => known === name.trim());
    if (format) return format;
    throw new InvalidArgumentError(`Expected one or more of ${FORMATS.join(', ')}, got "${name}".`);
  });
  return [...before, ...named];
}

export function registerLabel(program: Command): void {
  defineCommand<LabelOptions>(
    readingOptions(
      program
        .command('label')
        .description('read latents as config.labels says, and write labels, their exports and a data set card')
        .argument('<run>', 'run folder')
        .option(
          '--format <names>',
          `what to write: ${FORMATS.join(', ')}, separated by commas (repeatable; default: ${DEFAULT_FORMATS.join(',')})`,
          formatsOption,
        ),
    ),
    {
      examples: [
        'recodi label runs/arithmetic',
        'recodi label runs/arithmetic --format ao,nla',
        'recodi label runs/arithmetic --workers 8 --json',
      ],
      work: async (context, options, folder = '') => {
        const { labelRun } = await import('../labels/label.ts');
        const { formatTable } = await import('./table.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const summary = await withTrainedRun(context, folder, options, bench => labelRun(bench, options.format));
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

/** The table of a sweep, as Markdown: for each result of the chain what runs of one name read, as mean and range over their seeds. */
import type { ControlTable } from '../eval/controls.ts';
import { SWAPPED } from '../eval/rows.ts';

/** Mean, and range where there are several; empty for none. */
export function meanAndRange(values: readonly number[]): string {
  if (values.length === 0) return '';
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  return `${mean.toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

/** How a run was trained: updates, their minutes, and the KL to the warm start at their end, in nats per text. */
export type Training = Readonly<Record<'updates' | 'minutes' | 'kl', number>>;

export interface SweptRun {
  readonly table: ControlTable;
  readonly training: Training;
}

/** What a column shows of a row: `swapped` and `question_end` are the share right of these controls. */
const COLUMNS = ['right', 'exact', 'same', 'swapped', 'question_end'] as const;

/** `row`: of which row the figures are; by default the one that `eval.decode` of each run names. */
export function formatSweep(runs: readonly SweptRun[], row?: string): string {
  const names = new Set(runs.map(({ table }) => table.run));
  const lines = [...names].flatMap(name => {
    const own = runs.filter(({ table }) => table.run === name);
    const results = new Set(own.flatMap(({ table }) => table.content.map(({ result }) => result)));
    return [...results].map((result, i) => formatLine(i === 0 ? name : '', own, result, row));
  });
  const head = ['run', 'seeds', 'result', 'view', ...COLUMNS, 'updates', 'minutes', 'KL'];
  return [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function formatLine(name: string, runs: readonly SweptRun[], result: number, asked: string | undefined): string[] {
  const chosen = runs.flatMap(({ table }) => {
    const view = table.content.find(entry => entry.result === result)?.view;
    const found = table.views.find(({ id }) => id === view);
    return found ? [{ ...found, row: asked ?? table.settings.decode, decode: table.settings.decode }] : [];
  });
  const shown = (column: (typeof COLUMNS)[number]) =>
    meanAndRange(
      chosen.flatMap(({ rows, row, decode }) => {
        const control = column === 'swapped' ? SWAPPED[decode] : column;
        const own = column === 'swapped' || column === 'question_end';
        const figures = rows[own ? control : row];
        return figures?.[column === 'same' ? column : own ? `right_${result}` : `${column}_${result}`]?.value ?? [];
      }),
    );
  const spent = (part: keyof Training) => (name === '' ? '' : meanAndRange(runs.map(({ training }) => training[part])));
  return [
    name,
    name && runs.map(({ table }) => table.seed).join(', '),
    String(result),
    [...new Set(chosen.map(({ id }) => id))].join(', '),
    ...COLUMNS.map(shown),
    ...(['updates', 'minutes', 'kl'] as const).map(spent),
  ];
}

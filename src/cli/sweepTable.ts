/** The table of a sweep, as Markdown: for each result of the chain what runs of one name read, as mean and range over their seeds. */
import { SWAPPED } from '../eval/rows.ts';
import { type TableFile, viewOf } from '../eval/tableFile.ts';
import { meanAndRange } from './table.ts';

/** How a run was trained: updates, their minutes, and the KL to the warm start at their end, in nats per text. */
export type Training = Readonly<Record<'updates' | 'minutes' | 'kl', number>>;

export interface SweptRun {
  readonly table: TableFile;
  readonly training: Training;
}

interface Read {
  readonly result: number;
  /** Of which row the figures are. */
  readonly row: string;
  readonly decode: TableFile['settings']['decode'];
}

/** Row and column of the held-out table that a column shows; `swapped` and `question_end` are the share right of these controls. */
const COLUMNS: Readonly<Record<string, (read: Read) => readonly [row: string, column: string]>> = {
  right: ({ row, result }) => [row, `right_${result}`],
  exact: ({ row, result }) => [row, `exact_${result}`],
  same: ({ row }) => [row, 'same'],
  swapped: ({ decode, result }) => [SWAPPED[decode], `right_${result}`],
  question_end: ({ result }) => ['question_end', `right_${result}`],
};

/** `row`: of which row the figures are; by default the one that `eval.decode` of each run names. */
export function formatSweep(runs: readonly SweptRun[], row?: string): string {
  const names = new Set(runs.map(({ table }) => table.run));
  const lines = [...names].flatMap(name => {
    const own = runs.filter(({ table }) => table.run === name);
    const results = new Set(own.flatMap(({ table }) => table.content.map(({ result }) => result)));
    return [...results].map((result, i) => formatLine(i === 0 ? name : '', own, result, row));
  });
  const head = ['run', 'seeds', 'result', 'view', ...Object.keys(COLUMNS), 'updates', 'minutes', 'KL'];
  return [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function formatLine(name: string, runs: readonly SweptRun[], result: number, asked: string | undefined): string[] {
  const chosen = runs.flatMap(({ table }) => {
    const { decode } = table.settings;
    const view = viewOf(table, result);
    return view ? [{ view, read: { result, decode, row: asked ?? decode } }] : [];
  });
  const shown = (cell: (typeof COLUMNS)[string]) =>
    meanAndRange(
      chosen.flatMap(({ view, read }) => {
        const [row, column] = cell(read);
        return view.rows[row]?.[column]?.value ?? [];
      }),
    );
  const spent = (part: keyof Training) => (name === '' ? '' : meanAndRange(runs.map(({ training }) => training[part])));
  return [
    name,
    name && runs.map(({ table }) => table.seed).join(', '),
    String(result),
    [...new Set(chosen.map(({ view }) => view.id))].join(', '),
    ...Object.values(COLUMNS).map(shown),
    ...(['updates', 'minutes', 'kl'] as const).map(spent),
  ];
}

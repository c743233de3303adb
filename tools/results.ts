/**
 * Prints docs/results.md from the eval.json of runs that differ by their seed only: for each result of the chain, at the view
 * that the run's validation problems chose, every row of the table as mean and range over the runs.
 *
 * `node --import tsx tools/results.ts runs/a runs/b … > docs/results.md`
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Evaluation } from '../src/eval/table.ts';

const RESULTS = 2;
const COLUMNS = ['right', 'exact', 'same', 'fve', 'gap'] as const;

const [...folders] = process.argv.slice(2);
if (folders.length === 0) throw new Error('name one run folder or more, as runs/arithmetic');
const runs = folders.map(folder => JSON.parse(readFileSync(join(folder, 'eval.json'), 'utf8')) as Evaluation);

/** Per row name and column, the value of each run. */
function collect(result: number): Map<string, Record<string, number[]>> {
  const rows = new Map<string, Record<string, number[]>>();
  for (const run of runs) {
    const chosen = run.content.find(content => content.result === result);
    const view = run.views.find(candidate => candidate.id === chosen?.view);
    for (const [name, figures] of Object.entries(view?.rows ?? {})) {
      const row = rows.get(name) ?? {};
      for (const column of COLUMNS) {
        const key = column === 'right' || column === 'exact' ? `${column}_${result}` : column;
        const value = figures[key]?.value;
        if (typeof value === 'number') row[column] = [...(row[column] ?? []), value];
      }
      rows.set(name, row);
    }
  }
  return rows;
}

function cell(values: readonly number[] | undefined): string {
  if (!values?.length) return '';
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  return `${mean.toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

const [first] = runs;
console.log(`# Results: ${first?.run}

Printed by \`node --import tsx tools/results.ts ${folders.map(folder => `runs/${basename(folder)}`).join(' ')}\` from runs of
\`configs/${first?.run}.yaml\` with seeds ${runs.map(run => run.seed).join(', ')}: ${first?.problems} held-out three-step problems each${runs.length > 1 ? '; mean, and range over the seeds' : ''}.
[Evaluation](evaluation.md) says what rows and columns are.
`);
for (let result = 1; result <= RESULTS; result++) {
  const views = runs.map(run => run.content.find(content => content.result === result)?.view);
  console.log(
    `## Result ${result} of the chain, read at ${[...new Set(views)].join(', ')} (chosen on validation problems)\n`,
  );
  console.log(`| row | ${COLUMNS.join(' | ')} |\n|---|${COLUMNS.map(() => '---').join('|')}|`);
  for (const [name, row] of collect(result))
    console.log(`| ${name} | ${COLUMNS.map(column => cell(row[column])).join(' | ')} |`);
  console.log('');
}

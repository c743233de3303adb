/**
 * Writes the tables of docs/results.md from the eval.json of finished runs. Runs of one config (by their name) that were read by
 * the same settings differ by their seed only and are shown together: for each result of the chain, at the view that a run's
 * validation problems chose, every row of the table as mean and range over the runs. Where a config's runs were read by other
 * settings too, of those only the row that \`eval.decode\` names, and its control.
 *
 * `node --import tsx tools/results.ts runs/1/arithmetic runs/2/arithmetic …`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { meanAndRange } from '../src/cli/table.ts';
import { METHODS, type Method, type MethodTable } from '../src/eval/chains.ts';
import { SWAPPED } from '../src/eval/rows.ts';
import type { Evaluation } from '../src/eval/table.ts';
import { viewOf } from '../src/eval/tableFile.ts';

const RESULTS = 2;
const COLUMNS = ['right', 'exact', 'same', 'fve', 'gap'] as const;
const PAGE = 'docs/results.md';
const MARK = '<!-- What follows is written by tools/results.ts. -->\n';

/** One table: rows as mean and range over the runs. */
function table(runs: readonly Evaluation[], result: number, only?: readonly string[]): string[] {
  const views = runs.map(run => viewOf(run, result));
  const names = only ?? [...new Set(views.flatMap(view => Object.keys(view?.rows ?? {})))];
  const key = (column: string) => (column === 'right' || column === 'exact' ? `${column}_${result}` : column);
  return [
    `### Result ${result} of the chain, read at ${[...new Set(views.map(view => view?.id))].join(', ')}`,
    '',
    `| row | ${COLUMNS.join(' | ')} |`,
    `|---|${COLUMNS.map(() => '---').join('|')}|`,
    ...names.map(name => {
      const cells = COLUMNS.map(column =>
        meanAndRange(
          views.map(view => view?.rows[name as 'greedy']?.[key(column)]?.value).filter(x => typeof x === 'number'),
        ),
      );
      return `| ${name} | ${cells.join(' | ')} |`;
    }),
    '',
  ];
}

/** Whole chains up to the predicted answer, ours and those of peers. */
function chains(runs: readonly Evaluation[]): string[] {
  const known = runs.flatMap(run => run.chains ?? []);
  if (known.length === 0) return [];
  const figures = (name: Method) => {
    const of = (value: (method: MethodTable) => number | null) =>
      meanAndRange(known.flatMap(table => value(table.methods[name]) ?? []));
    return [
      of(({ correct }) => correct.gold.value),
      of(({ correct }) => correct.found.value),
      of(({ incorrect }) => incorrect.found.value),
      of(({ swapped }) => swapped.value),
      of(({ auroc }) => auroc.value),
    ];
  };
  const wrong = known.map(({ problems }) => problems.incorrect).join(', ');
  return [
    `### Whole chains, read at ${[...new Set(known.map(({ view }) => view))].join(', ')}`,
    '',
    `| method | gold, right answers | found, right answers | found, wrong answers (${wrong}) | found, swapped | AUROC |`,
    '|---|---|---|---|---|---|',
    ...METHODS.map(name => `| ${[name, ...figures(name)].join(' | ')} |`),
    '',
  ];
}

/** `usual`: the settings by which the config's first run was read. */
function section(runs: readonly Evaluation[], usual: Evaluation['settings']): string[] {
  const { run: name, settings, problems } = runs[0]!;
  const seeds = runs.map(run => run.seed).join(', ');
  const many = runs.length > 1;
  const other = Object.entries(settings).filter(([key, value]) => !isDeepStrictEqual(value, usual[key as 'decode']));
  const changed = other.map(([key, value]) => `\`eval.${key}=${JSON.stringify(value)}\``).join(', ');
  const only = changed ? [settings.decode, SWAPPED[settings.decode]] : undefined;
  return [
    `## ${name}${changed && `, read with ${changed}`}`,
    '',
    `\`configs/${name}.yaml\`, seed${many ? 's' : ''} ${seeds}; ${problems} held-out problems each${many ? '; mean, and range over the seeds' : ''}.`,
    '',
    ...Array.from({ length: RESULTS }, (_, i) => table(runs, i + 1, only)).flat(),
    ...(only ? [] : chains(runs)),
  ];
}

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('name one run folder or more, as runs/arithmetic');
const runs = folders.map(folder => JSON.parse(readFileSync(join(folder, 'eval.json'), 'utf8')) as Evaluation);
const groups: Evaluation[][] = [];
for (const run of runs) {
  const alike = groups.find(([first]) => first!.run === run.run && isDeepStrictEqual(first!.settings, run.settings));
  if (alike) alike.push(run);
  else groups.push([run]);
}
const usual = (name: string) => runs.find(run => run.run === name)!.settings;
const tables = groups.flatMap(group => section(group, usual(group[0]!.run)));
const [prose, before = ''] = readFileSync(PAGE, 'utf8').split(MARK);
const headings = new Set(tables.filter(line => line.startsWith('## ')));
const isMade = (text: string) => headings.has(`## ${text.split('\n')[0]}`);
const others = before
  .split(/^## /m)
  .slice(1)
  .filter(text => !isMade(text));
writeFileSync(PAGE, `${prose}${MARK}\n${[...tables, ...others.map(text => `## ${text.trimEnd()}\n`)].join('\n')}`);

/**
 * One line for each run: what its readings of a result of the chain come to, and what their controls do. For runs on several
 * latent-reasoning models, as docs/codes.md shows them.
 *
 * `node --import tsx tools/models.ts [--result 2] runs/1/arithmetic runs/2/arithmetic …`
 */
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../src/cli/table.ts';
import { readTable, viewOf } from '../src/eval/tableFile.ts';
import { readSources } from '../src/run/config/load.ts';
import { runPaths } from '../src/run/paths.ts';

const { values, positionals: folders } = parseArgs({
  options: { result: { type: 'string', default: '2' } },
  allowPositionals: true,
});
const result = Number(values.result);
if (folders.length === 0) throw new Error('name one run folder or more, as runs/arithmetic');

const modelOf = (lrm: string) => basename(basename(lrm) === 'model' ? dirname(lrm) : lrm);

function line(folder: string): string[] {
  const { lrm } = readSources(runPaths(folder).config).value as { lrm: string };
  const evaluation = readTable(folder);
  const view = viewOf(evaluation, result);
  if (!view) throw new Error(`${folder}: no view was chosen for result ${result}`);
  const figure = (row: string, column: string) => view.rows[row]?.[column]?.value?.toFixed(2) ?? '';
  const both = (row: string) => [`right_${result}`, `exact_${result}`, 'same'].map(c => figure(row, c));
  return [
    modelOf(lrm),
    `${evaluation.run}, seed ${evaluation.seed}`,
    view.id,
    ...both('retrieve'),
    ...both('chain'),
    figure('swapped_retrieve', 'same'),
    figure('question_end', `right_${result}`),
  ];
}

const heads = [
  'model',
  'run',
  'view',
  'right',
  'exact',
  'same',
  'chain: right',
  'exact',
  'same',
  'swapped',
  'question end',
];
process.stdout.write(`${formatTable(heads, folders.map(line))}\n`);

/**
 * Writes docs/results-oracle.md from the eval.json of oracles' runs, several seeds of each: names that differ in a last `-<seed>` alone are
 * one oracle's.
 *
 * `node --import tsx tools/oracleResults.ts COMMIT runs/oracle-interventions-1 … > docs/results-oracle.md`
 */
import { readFileSync } from 'node:fs';
import type { Figure } from '../src/eval/bootstrap.ts';
import type { FreeFigures, OracleEvaluation } from '../src/oracle/evaluate.ts';
import { runPaths } from '../src/run/paths.ts';

const [commit, ...folders] = process.argv.slice(2);
if (!commit || folders.length === 0) throw new Error('name the commit that trained them, and one run folder or more');

const groups = new Map<string, OracleEvaluation[]>();
for (const folder of folders) {
  const evaluation: OracleEvaluation = JSON.parse(readFileSync(runPaths(folder).evaluation, 'utf8'));
  const name = evaluation.name.replace(/-\d+$/, '');
  groups.set(name, [...(groups.get(name) ?? []), evaluation]);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const plain = (values: readonly (number | null | undefined)[]) => {
  const there = values.filter(value => typeof value === 'number');
  return there.length === 0 ? '' : mean(there).toFixed(2);
};
/** The mean over seeds, with the lowest and the highest bound of their intervals. */
function spread(figures: readonly (Figure | null | undefined)[]): string {
  const there = figures.filter(figure => figure?.value !== undefined && figure.value !== null) as Record<
    keyof Figure,
    number
  >[];
  if (there.length === 0) return '';
  const [low, high] = [Math.min(...there.map(f => f.low)), Math.max(...there.map(f => f.high))];
  return `${mean(there.map(f => f.value)).toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const steps = (of: FreeFigures) => of.steps.map(k => `k${k}`).join(' ');
const keyOf = (of: FreeFigures) => `${steps(of)} ${of.question} ${of.asks}`;

function freeTable(): string {
  const names = [...groups.keys()];
  const [first] = [...groups.values()][0]!;
  const all = (name: string, key: string) => groups.get(name)!.map(({ free }) => free.find(of => keyOf(of) === key));
  const rows = first!.free.map(of => {
    const key = keyOf(of);
    const every = names.flatMap(name => all(name, key));
    return [
      of.question,
      steps(of),
      of.asks,
      ...names.map(name => spread(all(name, key).map(one => one?.oracle))),
      plain(all(names.at(-1)!, key).map(one => one?.shuffled.value)),
      plain(every.map(one => one?.lens)),
      plain(every.map(one => one?.label)),
    ];
  });
  return table(
    ['free question', 'step', 'right', ...names.map(name => `\`${name}\``), 'shuffled', 'lens', 'label'],
    rows,
  );
}

function taskTable(evaluations: readonly OracleEvaluation[]): string {
  const rows = Object.keys(evaluations[0]!.tasks).map(name => {
    const of = evaluations.map(({ tasks }) => tasks[name]!);
    return [
      `\`${name}\``,
      spread(of.map(one => one.exact)),
      plain(of.map(one => one.held?.value)),
      spread(of.map(one => one.shuffled)),
      plain(of.map(one => one.f1.value)),
      plain(of.map(one => one.within_one?.value)),
      plain(of.map(one => one.majority)),
      plain(of.map(one => one.probe)),
    ];
  });
  return table(['task', 'exact', 'asked anew', 'shuffled', 'F1', 'within 1', 'majority', 'probe'], rows);
}

const cannotTell = [...groups].flatMap(([name, evaluations]) => {
  const told = evaluations.map(({ cannot_tell: told }) => told);
  const accepted = plain(told.map(one => one.accepted));
  return accepted === '' ? [] : [[`\`${name}\``, accepted, plain(told.map(one => one.others))]];
});

const seeds = [...groups].map(
  ([name, of]) => `\`${name}\`: ${of.map(({ seed, step }) => `seed ${seed} (step ${step})`).join(', ')}`,
);
const page = [
  '# Oracles, beside each other',
  '<!-- Made by tools/oracleResults.ts from the eval.json of the runs. -->',
  `What the oracles are, how answers are judged and what follows from this: [oracle](oracle.md). Trained and asked by commit ${commit}; the best step by validation questions in brackets. ${seeds.join('; ')}. A figure is the mean over seeds, with the lowest and the highest bound of their intervals over problems.`,
  '## Free questions',
  'No training row holds them. `right` says what of the gold step must be named. `shuffled` is the last column’s oracle shown another problem’s thought; `lens` the first number that the logit lens shows; `label` the label’s own text, on labelled problems that no oracle was trained on, where a label that was not accepted counts as wrong.',
  freeTable(),
  ...[...groups].flatMap(([name, evaluations]) => [`## Tasks: \`${name}\``, taskTable(evaluations)]),
  ...(cannotTell.length === 0
    ? []
    : [
        '## “I can’t tell”',
        'Said of latents with an accepted label, and of those whose label was not accepted.',
        table(['oracle', 'accepted', 'others'], cannotTell),
      ]),
];
process.stdout.write(`${page.join('\n\n')}\n`);

/**
 * The held-out table for the terminal: a block per view, then for each result of the chain what is read at the view that was
 * chosen for it on validation problems. Shares are in per cent; ± is half of the interval.
 */

import type { Figure } from '../eval/bootstrap.ts';
import type { ChainsTable } from '../eval/chains.ts';
import type { ControlledResult } from '../eval/controls.ts';
import type { GateResult } from '../eval/gates.ts';
import type { Evaluation } from '../eval/table.ts';
import type { TriedVerdict } from '../eval/verdicts.ts';
import type { Reach, ViewTable } from '../eval/viewTable.ts';
import { parseAnchor } from '../lrm/anchors.ts';
import { KINDS, type Kind, SITES, type Site } from '../lrm/interventions.ts';
import { bold, dim, green, red } from './style.ts';
import { formatTable } from './table.ts';

type Format = (value: number) => string;

const percent: Format = x => (100 * x).toFixed(0);
const unsigned = (zero: string) => zero.replace(/^-([0.]+)$/, '$1');
const decimal: Format = x => unsigned(x.toFixed(Math.abs(x) < 10 ? 2 : 1));
const short: Format = x => (Math.abs(x) < 1000 ? x.toFixed(1) : x.toExponential(1).replace('e+', 'e'));

interface Column {
  readonly name: string;
  readonly head?: string;
  readonly format: Format;
  readonly interval: boolean;
}

/** Results beyond these are in eval.json only: the last step of a chain is what the answer says. */
const MOST_RESULTS = 2;

const COLUMNS: readonly Column[] = [
  { name: 'same', format: percent, interval: true },
  { name: 'fve', format: decimal, interval: true },
  { name: 'similarity', format: decimal, interval: false },
  { name: 'gap', format: decimal, interval: true },
  { name: 'well_formed', head: 'well_\nformed', format: percent, interval: false },
  { name: 'length', format: short, interval: false },
  { name: 'perplexity', head: 'ppl', format: short, interval: false },
];

const share = (name: string): Column => ({ name, format: percent, interval: true });

/** `84 ± 5`; nothing where there is no figure. */
function cell(figure: Figure | undefined, { format, interval }: Pick<Column, 'format' | 'interval'>): string {
  if (figure?.value == null) return '';
  const { value, low, high } = figure;
  if (!interval || low === null || high === null) return format(value);
  return `${format(value)} ${dim(`±${format((high - low) / 2).padStart(2)}`)}`;
}

export function formatEvaluation(evaluation: Evaluation): string {
  const { run, problems, settings, views, chains } = evaluation;
  const title = `${bold(run)}: ${problems} held-out problems; shares in %, ± half of the ${percent(settings.confidence)} % interval over problems`;
  const blocks = [
    title,
    ...views.map(formatView),
    formatContent(evaluation),
    chains && formatChains(chains, settings.decode),
  ];
  return blocks.filter(block => block !== null).join('\n\n');
}

const POINTS = {
  open: 'at the first word of',
  before: 'before the result of',
  result: 'after the result of',
  end: 'at the end of',
};

/** `steps 0, 3; translated to the chain before the result of step 2`. */
export function describeView({ steps, space, anchor: name }: Pick<ViewTable, 'steps' | 'space' | 'anchor'>): string {
  const which = steps.length === 1 ? `latent step ${steps[0]}` : `latent steps ${steps.join(', ')} together`;
  const anchor = name === null ? undefined : parseAnchor(name);
  const where = anchor && `the chain ${POINTS[anchor.point]} step ${anchor.step}`;
  if (space === 'translated') return `${which}, translated to ${where}`;
  return where ? `${which}, raw; nearest to ${where}` : `${which}, raw`;
}

const reached = ({ fve, nats }: Reach) =>
  [`FVE ${fve === null ? 'unknown' : decimal(fve)}`, nats !== null && `${nats.toFixed(1)} nats`]
    .filter(Boolean)
    .join(', ');

/** `yes, reason`, in colour. */
function formatVerdict(name: string, { holds, reason }: TriedVerdict): string {
  const said = holds === null ? dim('unknown') : holds ? green('yes') : red('no');
  return `${name}: ${said}, ${reason}`;
}

function formatView(view: ViewTable): string {
  const { reach, question_end_reach: control, causal, follows, verdicts, rows } = view;
  const known = new Set(Object.values(rows).flatMap(Object.keys));
  const columns = [...perResult(known), ...COLUMNS].filter(({ name }) => known.has(name));
  const body = Object.entries(rows).map(([row, figures]) => [
    row,
    ...columns.map(column => cell(figures[column.name], column)),
  ]);
  const changed = { format: percent, interval: true };
  const edits = (figure: Figure) => `${cell(figure, changed) || '–'} %`;
  return [
    `${bold(view.id)}  ${describeView(view)}`,
    `  reach: ${reached(reach)}${control ? `; the state at the question's end: ${reached(control)}` : ''}`,
    ...SITES.map(site => formatCausal(site, causal[site])),
    `  edits: changes as it says ${edits(follows.changes)}, stays ${edits(follows.stays)}; changes from the old thought ${edits(follows.unthought)}, another's ${edits(follows.swapped)}`,
    ...Object.entries(verdicts).map(([name, verdict]) => `  ${formatVerdict(name, verdict)}`),
    ...wordsRead(rows),
    '',
    formatTable(['row', ...columns.map(({ name, head }) => head ?? name)], body).trimEnd(),
  ].join('\n');
}

const PLACES = { input: "as the next step's input", readout: 'at the readout' } as const satisfies Record<Site, string>;

function formatCausal(site: Site, figures: Readonly<Record<Kind, Figure>>): string {
  const shares = KINDS.map(kind => `${kind} ${cell(figures[kind], share(kind)) || '–'}`);
  return `  answers changed ${PLACES[site]}, %: ${shares.join(', ')}`;
}

/** A line for the two rows that have the figure: ours and its control. */
function wordsRead(rows: ViewTable['rows']): string[] {
  const shares = Object.entries(rows)
    .filter(([, { words_read }]) => words_read?.value != null)
    .map(([row, { words_read }]) => `${row} ${cell(words_read, share('words_read'))} %`);
  return shares.length === 0 ? [] : [`  words read: ${shares.join(', ')}`];
}

function perResult(known: ReadonlySet<string>): Column[] {
  const results = Array.from({ length: MOST_RESULTS }, (_, j) => j + 1).filter(j => known.has(`right_${j}`));
  return results.flatMap(j => [share(`right_${j}`), share(`exact_${j}`)]);
}

/** Ours, where it starts from, and what reads nothing. */
const HEADLINE = ['greedy', 'retrieve', 'chain', 'warm_start', 'swapped', 'empty'] as const;

function formatContent({ content, views }: Evaluation): string {
  const rows = content.flatMap(({ result, view, validation }) => {
    const table = views.find(({ id }) => id === view);
    return HEADLINE.map((row, i) => {
      const figures = table?.rows[row];
      const of = (name: string) => cell(figures?.[name], share(name));
      const lead = i === 0 ? [`result ${result}`, view, percent(validation)] : ['', '', ''];
      return [...lead, row, of(`right_${result}`), of(`exact_${result}`), of('same')];
    });
  });
  const head = ['', 'view', 'validation', 'row', 'right', 'exact', 'same'];
  return `${bold('What the thoughts say')}: each result of the chain at the view chosen for it on validation problems (greedy)\n\n${formatTable(head, rows).trimEnd()}`;
}

/** For each result the rows of the run and of its control models side by side, and whether ours is evidence; nothing without controls. */
export function formatControls(results: readonly ControlledResult[]): string[] {
  return results.flatMap(({ result, models, evidence }) => {
    const columns = ['right', 'exact', 'same'];
    const rows = Object.keys(models[0]!.rows).map(row => [
      row,
      ...models.flatMap(model =>
        columns.map(name => {
          const column = name === 'same' ? name : `${name}_${result}`;
          return cell(model.rows[row]?.[column], share(column));
        }),
      ),
    ]);
    const head = ['row', ...models.flatMap(({ run, view }) => [`${run}\n${view}\nright`, 'exact', 'same'])];
    return [
      '',
      `${bold(`Result ${result} beside control models`)}`,
      ...Object.entries(evidence).map(
        ([column, { holds, reason }]) =>
          `  ${column} is ${holds ? green('evidence') : red('no evidence')} of recurrent thought: ${reason}`,
      ),
      '',
      formatTable(head, rows).trimEnd(),
    ];
  });
}

/** Whole chains: ours, named by how it was found, and the peers. */
function formatChains({ view, problems, methods }: ChainsTable, decode: string): string {
  const body = Object.entries(methods).map(([method, { correct, incorrect, swapped, auroc }]) => [
    method === 'ours' ? `ours (${decode})` : method,
    ...[correct.gold, correct.found, incorrect.found, swapped].map(figure => cell(figure, share(''))),
    cell(auroc, { format: decimal, interval: true }),
  ]);
  const head = ['', 'gold', 'found', 'found,\nwrong answer', 'swapped', 'AUROC'];
  const of = `${problems.correct} problems answered right, ${problems.incorrect} wrong`;
  return `${bold('Whole chains')}, up to the predicted answer: ours at ${view}, and the peers; ${of}\n\n${formatTable(head, body)}`;
}

/** A line per gate, and none without gates. */
export function formatGates(results: readonly GateResult[]): string[] {
  return results.map(({ gate, expected, got, passed }) => {
    const verdict = passed ? green('passes') : red('fails');
    return `gate ${verdict}: ${gate}: ${got === null ? 'no such figure' : got.toFixed(3)}, expected ${expected}`;
  });
}

/** The held-out table: for each view its verdicts, and every row with its figures and their intervals. */
import type { EvaluationAnswer } from '../src/inspect/wire.ts';
import { ask } from './answers.ts';
import { Interval, type Range } from './Bars.tsx';
import { signOf } from './belief.ts';
import { decimal, percent, visible } from './format.ts';
import { route, withParams } from './route.ts';
import { ScrolledTable } from './ScrolledTable.tsx';
import { AnswerView } from './States.tsx';
import { tableSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

type EvaluationFile = EvaluationAnswer['evaluation'];
type View = EvaluationFile['views'][number];

const SHARE: Range = { from: 0, to: 1 };

interface Column {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly range: Range;
  readonly format: (value: number | null) => string;
}

const share = (name: string, title: string, note: string): Column => ({
  name,
  title,
  note,
  range: SHARE,
  format: percent,
});

const SCORES: readonly Column[] = [
  share('same', 'same, %', 'given question and text, the model answers as with its latents'),
  {
    name: 'fve',
    title: 'FVE',
    note: '0 is the mean of the targets, 1 the target',
    range: { from: -1, to: 1 },
    format: decimal,
  },
  {
    name: 'similarity',
    title: 'similarity',
    note: 'as the reward measures it; it has no zero',
    range: { from: 0, to: 1 },
    format: decimal,
  },
  {
    name: 'gap',
    title: 'swap gap',
    note: "similarity minus that to another problem's thought",
    range: { from: -1, to: 1 },
    format: decimal,
  },
  share('well_formed', 'well-formed, %', 'the beginning of a chain whose results are right'),
  share('words_read', 'words read, %', 'of those that could be otherwise'),
];

const RESULT = /^(right|exact)_(\d+)$/;

function columnsOf({ rows }: View): Column[] {
  const names = new Set(Object.values(rows).flatMap(Object.keys));
  const results = [...names]
    .filter(name => RESULT.test(name))
    .sort((a, b) => a.replace(/\D+/, '').localeCompare(b.replace(/\D+/, '')) || b.localeCompare(a))
    .map(name => {
      const [, what, step] = RESULT.exec(name)!;
      const note =
        what === 'right'
          ? `the result of gold step ${step} is named`
          : `the whole expression of gold step ${step} stands in the text`;
      return share(name, `${what} ${step}, %`, note);
    });
  return [...results, ...SCORES.filter(({ name }) => names.has(name))];
}

/** What a row is, by its name: ways to read, what needs no thought, and the ceiling. */
const READINGS = ['greedy', 'best_of_n', 'retrieve', 'chain'];
const CEILING = ['gold'];
const BEFORE = ['warm_start', 'nearest', 'unconditional'];

const groupOf = (row: string) =>
  READINGS.includes(row)
    ? 'readings'
    : CEILING.includes(row)
      ? 'ceiling'
      : BEFORE.includes(row)
        ? 'baselines'
        : 'controls';
const GROUPS = ['readings', 'ceiling', 'baselines', 'controls'];

export function TableView() {
  const { run } = route.value;
  return (
    <AnswerView answer={ask<EvaluationAnswer>(`api/runs/${run}/evaluation`).value} what="held-out table" whole>
      {answer => <Table {...answer} />}
    </AnswerView>
  );
}

function Table({ evaluation, described }: EvaluationAnswer) {
  const { views, settings, problems, run } = evaluation;
  const view = views.find(({ id }) => id === route.value.params.get('view')) ?? views.at(-1);
  useSheet(() => tableSheet({ evaluation, described }, view?.id ?? '', described[view?.id ?? ''] ?? ''));
  if (!view) return <p class="notice">The table has no views.</p>;
  const confidence = settings.confidence;
  return (
    <main id="main" class="wide">
      <div class="view-head">
        <h2>{visible(run)}, held out</h2>
        <p class="note">
          {problems} problems; bars are {percent(confidence)} % intervals over problems
        </p>
      </div>
      <nav class="tabs" aria-label="Views of the run">
        {views.map(({ id }) => (
          <a key={id} href={withParams({ view: id })} aria-current={id === view.id ? 'true' : undefined}>
            <span class="text">{visible(id)}</span>
            {evaluation.content
              .filter(entry => entry.view === id)
              .map(({ result }) => (
                <small key={result}>result {result}</small>
              ))}
          </a>
        ))}
      </nav>
      <ViewTable view={view} described={described[view.id] ?? ''} decode={settings.decode} confidence={confidence} />
      {evaluation.chains && <Chains chains={evaluation.chains} confidence={confidence} />}
    </main>
  );
}

interface ViewTableProps {
  readonly view: View;
  readonly described: string;
  readonly decode: string;
  readonly confidence: number;
}

function ViewTable({ view, described, decode, confidence }: ViewTableProps) {
  const columns = columnsOf(view);
  const rows = Object.entries(view.rows);
  return (
    <>
      <p class="lead">{visible(described)}</p>
      <ul class="verdict-lines">
        {Object.entries(view.verdicts).map(([name, { holds, reason }]) => (
          <li key={name}>
            <span class={`verdict ${holds === null ? 'open' : holds ? 'holds' : 'fails'}`}>
              <span aria-hidden="true">{signOf(holds)}</span> {visible(name)}
              <span class="unseen">: {holds === null ? 'unknown' : holds ? 'yes' : 'no'}</span>
            </span>
            <span>{visible(reason)}</span>
          </li>
        ))}
      </ul>
      <ScrolledTable label="Rows of the table">
        <table class="grid figures">
          <thead>
            <tr>
              <th scope="col">text of</th>
              {columns.map(({ name, title, note }) => (
                <th key={name} scope="col" class="number" title={note}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          {GROUPS.map(group => (
            <tbody key={group}>
              <tr class="group">
                <th scope="rowgroup" colSpan={columns.length + 1}>
                  {group}
                </th>
              </tr>
              {rows
                .filter(([row]) => groupOf(row) === group)
                .map(([row, figures]) => (
                  <tr key={row} class={row === decode ? 'own' : undefined}>
                    <th scope="row">
                      <span class="text">{visible(row)}</span>
                    </th>
                    {columns.map(({ name, range, format }) => (
                      <td key={name} class="number">
                        <Interval figure={figures[name]} range={range} format={format} confidence={confidence} />
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          ))}
        </table>
      </ScrolledTable>
    </>
  );
}

interface ChainsProps {
  readonly chains: NonNullable<EvaluationFile['chains']>;
  readonly confidence: number;
}

function Chains({ chains, confidence }: ChainsProps) {
  const { correct, incorrect } = chains.problems;
  return (
    <section>
      <h3>Whole chains</h3>
      <p class="note">
        At <span class="text">{visible(chains.view)}</span>, beside the strongest peers; {correct} problems answered
        right, {incorrect} wrong.
      </p>
      <ScrolledTable label="Whole chains">
        <table class="grid figures">
          <thead>
            <tr>
              <th scope="col">method</th>
              <th scope="col" class="number" title="a chain was found that leads to the model's answer">
                found, %
              </th>
              <th scope="col" class="number" title="and it is the gold chain">
                gold, %
              </th>
              <th scope="col" class="number" title="with another problem's thoughts">
                swapped, %
              </th>
              <th scope="col" class="number" title="how well it tells right answers from wrong ones">
                AUROC
              </th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(chains.methods).map(([name, method]) => (
              <tr key={name} class={name === 'ours' ? 'own' : undefined}>
                <th scope="row">
                  <span class="text">{visible(name)}</span>
                </th>
                {[method.correct.found, method.correct.gold, method.swapped].map((figure, index) => (
                  <td key={index} class="number">
                    <Interval figure={figure} range={SHARE} format={percent} confidence={confidence} />
                  </td>
                ))}
                <td class="number">
                  <Interval figure={method.auroc} range={SHARE} confidence={confidence} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrolledTable>
    </section>
  );
}

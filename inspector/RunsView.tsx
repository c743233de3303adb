/** The runs that were named: how each scored, what it is still missing, and in what their configs differ. */
import type { RunState, RunSummary, Runs } from '../src/inspect/wire.ts';
import { Interval, type Range } from './Bars.tsx';
import { duration, percent, visible } from './format.ts';
import { go, href, route, withParams } from './route.ts';
import { ScrolledTable } from './ScrolledTable.tsx';
import { Message } from './States.tsx';
import { runsSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

const SHARE: Range = { from: 0, to: 1 };

const STATES: Readonly<Record<RunState, string>> = {
  training: '▶ training',
  finished: '✓ finished',
  stopped: '‖ stopped',
  unreadable: '✕ unreadable',
};

interface Column {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  readonly number?: boolean;
  readonly key: (run: RunSummary) => string | number | null;
  readonly cell: (run: RunSummary) => preact.ComponentChildren;
}

function columnsOf({ runs, differences }: Runs): Column[] {
  const headlines = [...new Set(runs.flatMap(run => run.headline.map(({ name }) => name)))];
  const headline = (run: RunSummary, name: string) => run.headline.find(found => found.name === name);
  return [
    { id: 'name', title: 'run', key: run => run.name, cell: run => <RunLink run={run} /> },
    { id: 'seed', title: 'seed', number: true, key: run => run.seed, cell: run => run.seed ?? '–' },
    {
      id: 'state',
      title: 'state',
      key: run => run.state,
      cell: run => (
        <span class={`state ${run.state}`}>
          {STATES[run.state]}
          {run.updates.done > 0 && (
            <small>
              {run.updates.done}
              {run.updates.of !== null && run.updates.of !== run.updates.done && ` of ${run.updates.of}`} updates
            </small>
          )}
        </span>
      ),
    },
    ...headlines.map(name => ({
      id: name,
      title: `${name}, %`,
      note: 'how often it was read right, held out',
      number: true,
      key: (run: RunSummary) => headline(run, name)?.figure.value ?? null,
      cell: (run: RunSummary) => (
        <span title={headline(run, name)?.from}>
          <Interval figure={headline(run, name)?.figure} range={SHARE} format={percent} confidence={run.confidence} />
        </span>
      ),
    })),
    {
      id: 'time',
      title: 'training',
      note: 'time of all updates together',
      number: true,
      key: run => run.seconds,
      cell: run => duration(run.seconds),
    },
    {
      id: 'alarms',
      title: 'alarms',
      key: run => run.alarms.length,
      cell: run =>
        run.alarms.length === 0
          ? 'none'
          : run.alarms.map(({ name, sentence }) => (
              <span key={name} class="alarm" title={sentence}>
                ! {name}
              </span>
            )),
    },
    ...differences.map(({ key, values }) => ({
      id: key,
      title: key.split('.').at(-1) ?? key,
      note: `config: ${key}`,
      key: (run: RunSummary) => values[run.index] ?? null,
      cell: (run: RunSummary) => <span class="text">{visible(values[run.index] ?? '–')}</span>,
    })),
  ];
}

function RunLink({ run }: { readonly run: RunSummary }) {
  const to = run.has.labels ? `${run.index}/problems` : `${run.index}/table`;
  return (
    <>
      <a href={href(to)}>{visible(run.name)}</a>
      <small class="folder">{visible(run.folder)}</small>
    </>
  );
}

function sorted(runs: readonly RunSummary[], column: Column, down: boolean): RunSummary[] {
  const order = (a: RunSummary, b: RunSummary) => {
    const [x, y] = [column.key(a), column.key(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const by = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
    return down ? -by : by;
  };
  return [...runs].sort(order);
}

/** Runs that the address has chosen for the curves; all where it names none. */
export function chosenRuns(params: URLSearchParams, count: number): number[] {
  const named = params.get('runs');
  if (named === null) return Array.from({ length: count }, (_, index) => index);
  return named
    .split(',')
    .map(Number)
    .filter(index => Number.isInteger(index) && index >= 0 && index < count);
}

export function RunsView({ runs }: { readonly runs: Runs }) {
  const { params } = route.value;
  const columns = columnsOf(runs);
  const by = columns.find(({ id }) => id === params.get('sort'));
  const down = params.get('down') === '1';
  const rows = by ? sorted(runs.runs, by, down) : runs.runs;
  const chosen = chosenRuns(params, runs.runs.length);
  useSheet(() => runsSheet(runs, rows));
  const toggle = (index: number) => {
    const next = chosen.includes(index) ? chosen.filter(other => other !== index) : [...chosen, index];
    go(withParams({ runs: next.sort((a, b) => a - b).join(',') || 'none' }), { replace: true });
  };
  return (
    <main id="main" class="wide">
      <div class="view-head">
        <h2>Runs</h2>
        <a class="action" href={href('curves', { runs: params.get('runs') ?? undefined })}>
          Curves of {chosen.length === runs.runs.length ? 'all' : chosen.length}
        </a>
      </div>
      <ScrolledTable label="Runs">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">for the curves</span>
              </th>
              {columns.map(column => (
                <th
                  key={column.id}
                  scope="col"
                  class={column.number ? 'number' : undefined}
                  title={column.note}
                  aria-sort={by === column ? (down ? 'descending' : 'ascending') : undefined}
                >
                  <a href={withParams({ sort: column.id, down: by === column && !down ? '1' : undefined })}>
                    {column.title}
                    <span aria-hidden="true" class="arrow">
                      {by === column ? (down ? '▾' : '▴') : ''}
                    </span>
                  </a>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(run => (
              <tr key={run.index}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`show ${run.name} among the curves`}
                    checked={chosen.includes(run.index)}
                    onChange={() => toggle(run.index)}
                  />
                </td>
                {columns.map(column => (
                  <td key={column.id} class={column.number ? 'number' : undefined}>
                    {column.cell(run)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrolledTable>
      <Complaints runs={rows} />
    </main>
  );
}

function Complaints({ runs }: { readonly runs: readonly RunSummary[] }) {
  const wanting = runs.filter(({ complaints }) => complaints.length > 0);
  if (wanting.length === 0) return null;
  return (
    <section class="complaints">
      <h3>What is missing</h3>
      <dl>
        {wanting.map(run => (
          <div key={run.index}>
            <dt>{visible(run.folder)}</dt>
            {run.complaints.map(text => (
              <dd key={text}>
                <Message text={text} />
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  );
}

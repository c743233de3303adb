/** The frame: the bar with its views, the view that the address names, and the keys that work everywhere. */
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RunSummary, Runs } from '../src/inspect/wire.ts';
import { AuditView } from './AuditView.tsx';
import { ask, askAgain, isReport } from './answers.ts';
import { CompareView } from './CompareView.tsx';
import { CurvesView } from './CurvesView.tsx';
import { visible } from './format.ts';
import { useKeys } from './keys.ts';
import { MapView } from './MapView.tsx';
import { askAhead, ProblemsView } from './ProblemView.tsx';
import { RunsView } from './RunsView.tsx';
import { go, href, type Route, route } from './route.ts';
import { SamplesView } from './SamplesView.tsx';
import { AnswerView } from './States.tsx';
import { TableView } from './TableView.tsx';
import { TAKE_KEYS, TakeAway } from './TakeAway.tsx';
import { TryView } from './TryView.tsx';
import 'uplot/dist/uPlot.min.css';
import './style.css';

const LOOK_AGAIN_MS = 5000;

const KEYS = {
  'j k': 'next, previous problem',
  '← →': 'the next, the previous step',
  g: 'show or hide what the world knows (gold)',
  '/': 'search',
  ...TAKE_KEYS,
  '?': 'this help',
};

function App() {
  const answer = ask<Runs>('api/runs').value;
  const training = answer.state === 'here' && answer.value.runs.some(run => run.state === 'training');
  useEffect(() => {
    if (!training || isReport) return;
    const timer = setInterval(() => void askAgain('api/runs'), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [training]);
  return (
    <AnswerView answer={answer} what="runs" whole>
      {runs => <Frame runs={runs} />}
    </AnswerView>
  );
}

/** One run with labels opens at its readings; several at their table. */
function viewOf({ view }: Route, { runs }: Runs): Exclude<Route['view'], 'home'> {
  if (view !== 'home') return view;
  return runs.length === 1 && runs[0]?.has.labels ? 'problems' : 'runs';
}

function Frame({ runs }: { readonly runs: Runs }) {
  const here = route.value;
  const view = viewOf(here, runs);
  const run = runs.runs[here.run];
  const help = useRef<HTMLDialogElement>(null);
  useKeys({
    '/': () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
    '?': () => help.current?.showModal(),
  });
  useEffect(() => {
    document.title = `${run ? `${visible(run.name)} · ` : ''}recodi inspector`;
  }, [run]);
  const ofRun = !(view === 'runs' || view === 'curves' || view === 'compare');
  return (
    <>
      <header class="top">
        <h1>
          <a href={href('runs')}>
            recodi <span>inspector</span>
          </a>
        </h1>
        <nav aria-label="Inspector">
          <NavLink to={href('runs')} on={view === 'runs'} text="Runs" />
          <NavLink to={href('curves')} on={view === 'curves'} text="Curves" />
          {runs.runs.length > 1 && <NavLink to={href('compare')} on={view === 'compare'} text="Compare" />}
          <NavLink to={href(`${here.run}/problems`)} on={view === 'problems'} text="Readings" />
          <NavLink to={href(`${here.run}/map`)} on={view === 'map'} text="Map" />
          <NavLink to={href(`${here.run}/try`)} on={view === 'try'} text="Try it" />
          <NavLink to={href(`${here.run}/table`)} on={view === 'table'} text="Table" />
          <NavLink to={href(`${here.run}/samples`)} on={view === 'samples'} text="Samples" />
          <NavLink to={href(`${here.run}/audit`)} on={view === 'audit'} text="Audit" />
        </nav>
        {ofRun && <RunChoice runs={runs.runs} view={view} chosen={here.run} />}
        <TakeAway />
        <button type="button" class="help" onClick={() => help.current?.showModal()} aria-label="Keys">
          <kbd>?</kbd>
        </button>
      </header>
      {ofRun && !run ? (
        <p class="notice refused">
          There is no run {here.run}. <a href={href('runs')}>Show the runs</a>
        </p>
      ) : (
        <>
          {view === 'runs' && <RunsView runs={runs} />}
          {view === 'curves' && <CurvesView runs={runs} />}
          {view === 'compare' && <CompareView runs={runs} />}
          {view === 'problems' && <ProblemsView key={here.run} />}
          {view === 'try' && <TryView key={here.run} />}
          {view === 'table' && <TableView />}
          {view === 'samples' && <SamplesView />}
          {view === 'audit' && <AuditView />}
          {view === 'map' && <MapView key={here.run} />}
        </>
      )}
      <dialog ref={help} aria-label="Keys">
        <h2>Keys</h2>
        <dl>
          {Object.entries(KEYS).map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map(key => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

const NavLink = ({ to, on, text }: { to: string; on: boolean; text: string }) => (
  <a href={to} aria-current={on ? 'page' : undefined}>
    {text}
  </a>
);

/** What was asked of one run may be asked of another. */
const questionAsked = () => ({ q: route.value.params.get('q') ?? undefined });

interface RunChoiceProps {
  readonly runs: readonly RunSummary[];
  readonly view: string;
  readonly chosen: number;
}

function RunChoice({ runs, view, chosen }: RunChoiceProps) {
  if (runs.length === 1) return <span class="run-name">{visible(runs[0]?.name ?? '')}</span>;
  return (
    <select
      aria-label="Run"
      value={chosen}
      onChange={event => go(href(`${event.currentTarget.value}/${view}`, view === 'try' ? questionAsked() : {}))}
    >
      {runs.map(run => (
        <option key={run.index} value={run.index}>
          {visible(run.name)}
          {run.seed === null ? '' : `, seed ${run.seed}`}
        </option>
      ))}
    </select>
  );
}

askAhead(route.value);
render(<App />, document.body);

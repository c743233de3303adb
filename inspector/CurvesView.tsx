/** Any metric of the chosen runs, overlaid, with how to read it; it grows while a run trains. */
import { useEffect, useMemo } from 'preact/hooks';
import type { Metrics, RunSummary, Runs } from '../src/inspect/wire.ts';
import { Chart } from './Chart.tsx';
import { curves, listen, listening, metricsIn, metricsOf, namesOf } from './curveData.ts';
import { runName, visible } from './format.ts';
import { COLOURS } from './marks.ts';
import { chosenRuns } from './RunsView.tsx';
import { go, route, withParams } from './route.ts';
import { Message } from './States.tsx';
import { curvesSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

const FIRST = ['objective/scores', 'inversion/gap', 'inversion/fve', 'validation/score', 'objective/kl', 'lrm/loss'];

export function CurvesView({ runs }: { readonly runs: Runs }) {
  const { params } = route.value;
  const chosen = chosenRuns(params, runs.runs.length).map(index => runs.runs[index]!);
  const answers = chosen.map(run => ({ run, answer: metricsOf(run.index).value }));
  const known = answers.flatMap(({ run, answer }) => (answer.state === 'here' ? [{ run, metrics: answer.value }] : []));
  const live = known.filter(({ run }) => run.state === 'training').map(({ run }) => run.index);
  useEffect(() => {
    const ends = live.map(listen);
    return () => {
      for (const end of ends) end();
    };
  }, [live.join()]);
  const all = known.map(({ metrics }) => metrics);
  const { phases, metrics: readings } = namesOf(all);
  const phase = params.get('phase') ?? (phases.includes('ppo') ? 'ppo' : (phases.at(-1) ?? ''));
  const there = [...metricsIn(all, phase)].sort();
  const asked = params.get('metrics')?.split(',').filter(Boolean);
  const shown = asked ?? FIRST.filter(name => there.includes(name)).slice(0, 4);
  useSheet(() => curvesSheet(known, phase, shown));
  return (
    <div class="curves">
      <aside>
        <RunPicker runs={runs} chosen={chosen} />
        {phases.length > 1 && (
          <fieldset>
            <legend>Phase</legend>
            {phases.map(name => (
              <label key={name}>
                <input
                  type="radio"
                  name="phase"
                  checked={name === phase}
                  onChange={() => go(withParams({ phase: name, metrics: undefined }), { replace: true })}
                />
                {visible(name)}
              </label>
            ))}
          </fieldset>
        )}
        <MetricPicker there={there} shown={shown} readings={readings} />
      </aside>
      <main id="main">
        <h2 class="unseen">Curves</h2>
        {answers.map(({ run, answer }) =>
          answer.state === 'refused' ? (
            <p key={run.index} class="notice refused" role="alert">
              <strong>{visible(run.name)}:</strong> <Message text={answer.message} />
            </p>
          ) : null,
        )}
        {chosen.length === 0 && <p class="notice">Choose a run on the left.</p>}
        {known.length > 0 && shown.length === 0 && <p class="notice">Choose a metric on the left.</p>}
        <div class="charts">
          {(known.length > 0 ? shown : []).map(name => (
            <MetricChart key={name} name={name} phase={phase} known={known} reading={readings[name]} />
          ))}
        </div>
      </main>
    </div>
  );
}

interface RunMetrics {
  readonly run: RunSummary;
  readonly metrics: Metrics;
}

interface MetricChartProps {
  readonly name: string;
  readonly phase: string;
  readonly known: readonly RunMetrics[];
  readonly reading: string | undefined;
}

function MetricChart({ name, phase, known, reading }: MetricChartProps) {
  const metrics = known.map(found => found.metrics);
  const data = useMemo(() => curves(metrics, phase, name), [name, phase, ...metrics]);
  const series = known.map(({ run }) => ({ name: runName(run), colour: run.index }));
  return (
    <figure class="metric">
      <figcaption title={reading}>
        <h3 class="text">{name}</h3>
        <p>{reading && <Message text={reading} />}</p>
      </figcaption>
      <Chart data={data} series={series} />
    </figure>
  );
}

function RunPicker({ runs, chosen }: { readonly runs: Runs; readonly chosen: readonly RunSummary[] }) {
  const indices = chosen.map(run => run.index);
  return (
    <fieldset>
      <legend>Runs</legend>
      {runs.runs.map(run => {
        const next = indices.includes(run.index) ? indices.filter(i => i !== run.index) : [...indices, run.index];
        return (
          <label key={run.index}>
            <input
              type="checkbox"
              checked={indices.includes(run.index)}
              onChange={() =>
                go(withParams({ runs: next.sort((a, b) => a - b).join(',') || 'none' }), { replace: true })
              }
            />
            <span class={`swatch run-${run.index % COLOURS}`} />
            {visible(runName(run))}
            {listening.value.has(run.index) && <span class="live">live</span>}
          </label>
        );
      })}
    </fieldset>
  );
}

interface MetricPickerProps {
  readonly there: readonly string[];
  readonly shown: readonly string[];
  readonly readings: Readonly<Record<string, string>>;
}

function MetricPicker({ there, shown, readings }: MetricPickerProps) {
  return (
    <fieldset>
      <legend>Metrics</legend>
      {there.map(name => {
        const next = shown.includes(name) ? shown.filter(other => other !== name) : [...shown, name];
        return (
          <label key={name} title={readings[name]}>
            <input
              type="checkbox"
              checked={shown.includes(name)}
              onChange={() => go(withParams({ metrics: next.join(',') || ',' }), { replace: true })}
            />
            <span class="text">{visible(name)}</span>
          </label>
        );
      })}
    </fieldset>
  );
}

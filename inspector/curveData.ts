/** Metrics of several runs as uPlot wants them, and their growth while a run trains. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import uPlot from 'uplot';
import type { Metrics, MetricsLine } from '../src/inspect/wire.ts';
import { type Answer, ask, askAgain, isReport } from './answers.ts';

const path = (run: number) => `api/runs/${run}/metrics`;

/** A run's metrics; ever longer ones where it is listened to. */
export const metricsOf = (run: number): ReadonlySignal<Answer<Metrics>> => ask<Metrics>(path(run));

/** Which runs are being listened to, for the sign in the view. */
export const listening: Signal<ReadonlySet<number>> = signal(new Set());

/** Takes in new lines as they are written. @returns what ends it. */
export function listen(run: number): () => void {
  if (isReport) return () => undefined;
  const answer = metricsOf(run) as Signal<Answer<Metrics>>;
  const from = answer.peek().state === 'here' ? (answer.peek() as { value: Metrics }).value.end : 0;
  const source = new EventSource(`./${path(run)}/live?from=${from}`);
  const mark = (on: boolean) => {
    const next = new Set(listening.peek());
    if (on) next.add(run);
    else next.delete(run);
    listening.value = next;
  };
  source.addEventListener('open', () => mark(true));
  source.addEventListener('error', () => mark(false));
  source.addEventListener('cut', () => void askAgain(path(run)));
  source.addEventListener('lines', event => {
    const more = JSON.parse((event as MessageEvent<string>).data) as Metrics;
    const known = answer.peek();
    if (known.state !== 'here') return;
    const { lines, readings } = known.value;
    answer.value = {
      state: 'here',
      value: { lines: [...lines, ...more.lines], readings: { ...readings, ...more.readings }, end: more.end },
    };
  });
  return () => {
    source.close();
    mark(false);
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Names of metrics and of phases that some line has. */
export function namesOf(all: readonly Metrics[]): {
  readonly phases: string[];
  readonly metrics: Record<string, string>;
} {
  const phases = new Set(all.flatMap(({ lines }) => lines.map(phaseOf)));
  return { phases: [...phases], metrics: Object.assign({}, ...all.map(({ readings }) => readings)) };
}

const phaseOf = ({ phase }: MetricsLine) => String(phase ?? '');

/** Metrics that some line of the phase has. */
export function metricsIn(all: readonly Metrics[], phase: string): Set<string> {
  const found = new Set<string>();
  for (const { lines } of all)
    for (const line of lines)
      if (phaseOf(line) === phase)
        for (const [name, value] of Object.entries(line)) if (isNumber(value)) found.add(name);
  found.delete('update');
  return found;
}

/** One metric of each run over the updates of a phase: x, then a row per run. */
export function curves(all: readonly Metrics[], phase: string, metric: string): uPlot.AlignedData {
  const tables = all.map(({ lines }): uPlot.AlignedData => {
    const own = lines.filter(line => phaseOf(line) === phase && isNumber(line.update) && isNumber(line[metric]));
    return [own.map(line => line.update as number), own.map(line => line[metric] as number)];
  });
  return uPlot.join(tables);
}

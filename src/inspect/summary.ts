/** A run in one line: its state, how it scored, how long it took and which alarms went up; and in which keys runs differ. */
import { createAlarms } from '../rl/alarms.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { toRecodiError } from '../run/errors.ts';
import type { JsonRecord } from '../run/jsonl.ts';
import type { EvaluationFile } from './evaluationFile.ts';
import { keptPer } from './keptPer.ts';
import type { InspectedConfig, RunReader } from './runReader.ts';
import type { Headline, RunState, RunSummary, Runs } from './wire.ts';

export function summarize(runs: readonly RunReader[]): Runs {
  return { runs: runs.map(summaryOf), differences: differences(runs) };
}

function summaryOf(run: RunReader, index: number): RunSummary {
  const complaints: string[] = [];
  /** What a file says, or what is wrong with it. */
  const tried = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (thrown) {
      complaints.push(toRecodiError(thrown).message);
      return undefined;
    }
  };
  const config = tried(run.config);
  const lines = config && tried(run.metrics)?.lines;
  // An oracle's run has curves, and a table of another kind.
  const reads = config !== undefined && !('tasks' in config);
  const evaluation = reads ? tried(run.evaluation) : undefined;
  if (reads) tried(run.labels);
  const updates = { done: Number(lines?.findLast(isMain)?.update ?? 0), of: config?.ppo?.updates ?? null };
  const times = (lines ?? []).map(line => line['time/update']).filter(time => typeof time === 'number');
  return {
    index,
    folder: run.folder,
    name: config?.name ?? run.folder,
    seed: config?.seed ?? null,
    state: config ? stateOf(tried(run.isHeld) ?? false, run.has().evaluation, updates) : 'unreadable',
    updates,
    seconds: times.length > 0 ? times.reduce((a, b) => a + b, 0) : null,
    alarms: config && lines ? alarmsOf(lines)(config) : [],
    headline: evaluation ? headlineOf(evaluation) : [],
    confidence: evaluation?.settings.confidence ?? null,
    has: run.has(),
    complaints,
  };
}

const isMain = ({ phase }: JsonRecord) => ['ppo', 'lrm', 'oracle'].includes(String(phase));

function stateOf(held: boolean, evaluated: boolean, { done, of }: RunSummary['updates']): RunState {
  if (held) return 'training';
  return (of !== null && done >= of) || evaluated ? 'finished' : 'stopped';
}

const alarmsOf = keptPer((lines: readonly JsonRecord[]) =>
  keptPer((config: InspectedConfig): RunSummary['alarms'] => {
    const settings = trainConfigSchema.shape.alarms.safeParse(config.alarms);
    if (!settings.success) return [];
    const alarms = createAlarms(settings.data);
    return lines
      .filter(line => line.phase === 'ppo')
      .flatMap(line => alarms.take(Number(line.update), line).raised)
      .map(({ name, sentence }) => ({ name, sentence }));
  }),
);

/** Of each result of the chain how often it was read right, at the view chosen for it on validation problems; and of whole chains. */
function headlineOf({ settings, views, content, chains }: EvaluationFile): Headline[] {
  const results = content.flatMap(({ result, view }) => {
    const figure = views.find(({ id }) => id === view)?.rows[settings.decode]?.[`right_${result}`];
    return figure
      ? [{ name: `result ${result}`, from: `right_${result} of ${settings.decode} at ${view}`, figure }]
      : [];
  });
  const ours = chains?.methods.ours;
  return ours && chains
    ? [...results, { name: 'whole chain', from: `chains found at ${chains.view}`, figure: ours.correct.found }]
    : results;
}

/** Keys whose values differ between runs; a value that a run lacks is null. */
function differences(runs: readonly RunReader[]): Runs['differences'] {
  const configs = runs.map(configLeaves);
  const known = configs.filter(config => config !== undefined);
  const keys = new Set(known.flatMap(config => [...config.keys()]));
  return [...keys]
    .filter(key => new Set(known.map(config => config.get(key))).size > 1)
    .map(key => ({ key, values: configs.map(config => config?.get(key) ?? null) }));
}

/** undefined for a config that cannot be read, which differs in nothing. */
function configLeaves(run: RunReader): ReadonlyMap<string, string> | undefined {
  try {
    const { name: _, seed: __, ...rest } = run.config();
    return new Map(leaves(rest, ''));
  } catch {
    return undefined;
  }
}

function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, below]) => leaves(below, path === '' ? key : `${path}.${key}`));
}

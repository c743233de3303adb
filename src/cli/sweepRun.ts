/** Brings every run of a sweep to its end, one after the other in processes of their own, and prints what they read. */
import { dirname } from 'node:path';
import { ROW_NAMES } from '../eval/rows.ts';
import { readTable } from '../eval/tableFile.ts';
import { meant } from '../run/config/nearest.ts';
import { RecodiError } from '../run/errors.ts';
import { readJsonl } from '../run/jsonl.ts';
import { runPaths } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { type ComputeOptions, overrides } from './start.ts';
import { resumeArguments, supervise } from './supervise.ts';
import { planSweep, type SweepRequest, type SweepRun, stateOf } from './sweepPlan.ts';
import { formatSweep, type SweptRun, type Training } from './sweepTable.ts';

export interface SweepSettings extends ComputeOptions, Pick<SweepRequest, 'seeds' | 'runs'> {
  readonly set?: readonly string[];
  readonly row?: string;
}

/** @throws RecodiError('gate') where a run failed; what it said stands above. */
export async function runSweep(
  { signal, progress, print }: CommandContext,
  files: readonly string[],
  options: SweepSettings,
): Promise<void> {
  const { set = [], seeds, runs, row } = options;
  checkRow(row);
  const plan = planSweep({ files, runs, set, ...(seeds && { seeds }) });
  const states = plan.map(stateOf);
  for (const [i, run] of plan.entries()) {
    const what = `${i + 1}/${plan.length}  ${run.folder}`;
    const state = states[i]!;
    progress.note(state === 'finished' ? `${what}: done before` : what);
    if (state === 'finished') continue;
    const { workers, device } = options;
    const compute = { ...(workers !== undefined && { workers }), ...(device && { device }) };
    const code = await supervise(commandOf(run, state, compute), { ...compute, quiet: true });
    signal.throwIfAborted();
    if (code !== 0)
      throw new RecodiError(
        'gate',
        `${run.folder}: the run ended with exit status ${code}, and says above why. Started again with the same words, the sweep goes on from there.`,
      );
  }
  const swept = plan.filter(({ kind }) => kind === 'train').map(sweptRun);
  print({ runs: plan.map(({ folder }) => folder), tables: swept }, () =>
    swept.length > 0 ? formatSweep(swept, row) : plan.map(({ folder }) => folder).join('\n'),
  );
}

function checkRow(row: string | undefined): void {
  if (row === undefined || (ROW_NAMES as readonly string[]).includes(row)) return;
  throw new RecodiError('usage', `--row: the held-out table has no row "${row}"; ${meant(row, ROW_NAMES)}`);
}

function commandOf({ kind, file, folder, sets }: SweepRun, state: 'new' | 'begun', compute: ComputeOptions): string[] {
  if (state === 'begun') return resumeArguments(folder, compute);
  const begin = kind === 'lrm' ? ['lrm', 'train'] : ['train'];
  const set = [...sets, ...overrides(compute)].flatMap(text => ['--set', text]);
  return [...begin, file, '--runs', dirname(folder), ...set];
}

const sweptRun = ({ folder }: SweepRun): SweptRun => ({ table: readTable(folder), training: trainingOf(folder) });

/** Updates at the end of a run whose mean KL is shown. */
const LAST = 10;

function trainingOf(folder: string): Training {
  const updates = readJsonl(runPaths(folder).metrics).filter(line => 'objective/kl' in line);
  const sum = (lines: typeof updates, metric: string) => lines.reduce((total, line) => total + Number(line[metric]), 0);
  const last = updates.slice(-LAST);
  return {
    updates: updates.length,
    minutes: sum(updates, 'time/update') / 60,
    kl: sum(last, 'objective/kl') / Math.max(1, last.length),
  };
}

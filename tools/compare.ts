/**
 * Trains configs that differ in what is to be compared, each for the same seeds, and prints one table: what the policy writes
 * greedily on test problems at the view that says most about a result, as mean and range over the seeds, beside the warm start.
 * A run goes into `runs/compare/<seed>/<name>`. Started again with the same words it goes on where it was: a run that is evaluated is left
 * alone, one that was interrupted is resumed.
 *
 * `node --import tsx tools/compare.ts --seeds 1,2,3 configs/algorithms/*.yaml [--set key=value …]`
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { trainConfigSchema } from '../src/rl/config.ts';
import { loadConfig } from '../src/run/config/load.ts';
import { readJsonl } from '../src/run/jsonl.ts';
import { openRun } from '../src/run/paths.ts';
import { chosenView, evaluationOf, meanAndRange } from './evaluations.ts';

const COLUMNS = ['right', 'exact', 'same', 'similarity', 'fve', 'gap'] as const;
/** Updates at the end of a run whose mean KL is shown. */
const LAST = 10;

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    runs: { type: 'string', default: 'runs/compare' },
    result: { type: 'string', default: '2' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (files.length === 0) throw new Error('name one config or more, as configs/algorithms/*.yaml');
const seeds = values.seeds.split(',').map(Number);
const result = Number(values.result);

function recodi(...given: readonly string[]): void {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Brings the run of a config and a seed to its held-out table; returns its folder. */
function finished(file: string, seed: number): string {
  const own = [...values.set, `seed=${seed}`];
  const runs = join(values.runs, String(seed));
  const config = loadConfig(trainConfigSchema, file, own);
  const folder = join(runs, config.name);
  if (existsSync(folder) && !isDeepStrictEqual(openRun(folder, trainConfigSchema).config, config))
    throw new Error(`${folder} was made with other settings than ${file} has now: name another folder with --runs`);
  if (existsSync(join(folder, 'eval.json'))) return folder;
  if (existsSync(folder)) recodi('resume', folder);
  else recodi('train', file, '--runs', runs, ...own.flatMap(setting => ['--set', setting]));
  return folder;
}

/** Number of updates, their minutes, and the KL to the warm start at their end, in nats per text. */
function trainingOf(folder: string): Readonly<Record<'updates' | 'minutes' | 'kl', number>> {
  const updates = readJsonl(openRun(folder, trainConfigSchema).paths.metrics).filter(line => 'objective/kl' in line);
  const total = (lines: typeof updates, metric: string) =>
    lines.reduce((sum, line) => sum + (line[metric] as number), 0);
  const last = updates.slice(-LAST);
  return {
    updates: updates.length,
    minutes: total(updates, 'time/update') / 60,
    kl: total(last, 'objective/kl') / last.length,
  };
}

function row(name: string, folders: readonly string[], which: 'greedy' | 'warm_start'): string {
  const figures = folders.map(folder => chosenView(evaluationOf(folder), result)?.rows[which] ?? {});
  const key = (column: string) => (column === 'right' || column === 'exact' ? `${column}_${result}` : column);
  const cells = COLUMNS.map(column => meanAndRange(figures.flatMap(figure => figure[key(column)]?.value ?? [])));
  const trainings = which === 'greedy' ? folders.map(trainingOf) : [];
  const spent = (['updates', 'minutes', 'kl'] as const).map(part => meanAndRange(trainings.map(own => own[part])));
  return `| ${[name, ...cells, ...spent].join(' | ')} |`;
}

// Seed by seed, so that whatever changes about the machine meets all configs.
const folders = new Map(files.map((file): [string, string[]] => [file, []]));
for (const seed of seeds) for (const [file, own] of folders) own.push(finished(file, seed));

const views = [...folders.values()].flat().map(folder => chosenView(evaluationOf(folder), result)?.id);
const head = ['', ...COLUMNS, 'updates', 'minutes', 'KL'];
const [first = []] = folders.values();
console.log(`Result ${result}, read at ${[...new Set(views)].join(', ')}; seeds ${seeds.join(', ')}\n`);
console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
console.log(row('warm start', first, 'warm_start'));
for (const own of folders.values()) console.log(row(openRun(own[0]!, trainConfigSchema).config.name, own, 'greedy'));

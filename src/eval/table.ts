/**
 * `recodi eval`: the held-out table. For every view all rows are measured on the same test problems, with bootstrap intervals over
 * problems; which view speaks of which result is chosen on validation problems. Written as eval.json (docs/evaluation.md).
 */

import { problemsAt, type TargetSet } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { writeJson } from '../run/files.ts';
import { memo } from '../run/memo.ts';
import { type Bank, buildBank } from './bank.ts';
import { type Bench, bootstrapOf, withCausal } from './bench.ts';
import { present } from './bootstrap.ts';
import { bestTexts } from './candidates.ts';
import { chainTask } from './chain.ts';
import { type ChainsTable, measureChains, type ViewReading } from './chains.ts';
import { decode } from './decode.ts';
import { measureFollows } from './follows.ts';
import { type Measurements, measure } from './measure.ts';
import { ROW_NAMES, ROWS, type RowInputs, type RowName, SWAPPED } from './rows.ts';
import { type ViewTable, viewTable } from './viewTable.ts';
import { readWords, shareRead } from './words.ts';

export interface Evaluation {
  readonly format: 1;
  /** Name of the run. */
  readonly run: string;
  readonly problems: number;
  readonly seed: number;
  /** By which it was made; of the intervals, `confidence`. */
  readonly settings: Bench['config']['eval'];
  readonly views: readonly ViewTable[];
  /** For each gold step the view that names its result best on validation problems, greedily. */
  readonly content: readonly { readonly result: number; readonly view: string; readonly validation: number }[];
  /** Whole chains, ours and those of peers. */
  readonly chains: ChainsTable | null;
}

export async function evaluateRun(bench: Bench): Promise<Evaluation> {
  const { config, progress, views, sets } = bench;
  const held = sets.get('test')!;
  const rows = held.problems.slice(0, config.eval.problems).map((_, row) => row);
  const test = await withCausal(bench, problemsAt(held, rows, bench.client));
  const bank = await buildBank(bench);
  const total = views.views.length * (ROW_NAMES.length + 2) + 1;
  progress.stage('evaluating', total);
  let done = 0;
  const tables: ViewTable[] = [];
  const readings: ViewReading[] = [];
  const validation = new Map<string, Measurements>();
  for (const view of views.views) {
    const held = inputsOf(bench, sets.get('validation')!, view, bank);
    validation.set(view.id, await measureRow(bench, held, sets.get('validation')!, 'greedy'));
    progress.update(++done, { view: view.id });
    const inputs = inputsOf(bench, test, view, bank);
    const measured = new Map<RowName, Measurements>();
    for (const name of ROW_NAMES) {
      measured.set(name, await measureRow(bench, inputs, test, name));
      progress.update(++done, { view: view.id, row: name });
    }
    const { texts, columns } = measured.get(config.eval.decode)!;
    const request = { view, problems: test.problems, texts, states: test.states };
    const { follows, edited } = await measureFollows(bench, request, bank, bootstrapOf(bench, view));
    progress.update(++done, { view: view.id, row: 'follows' });
    tables.push(viewTable(bench, view, test, { measured, follows }));
    readings.push({ view, texts, gap: columns.gap!, edited });
  }
  const chains = await measureChains(bench, test, readings, bootstrapOf(bench, { id: 'chains' }));
  progress.update(++done, { row: 'chains' });
  const steps = Math.max(...test.problems.map(p => p.steps.length));
  const content = Array.from({ length: steps }, (_, j) => bestView(j + 1, validation));
  const evaluation: Evaluation = {
    format: 1,
    run: config.name,
    problems: test.problems.length,
    seed: config.seed,
    settings: config.eval,
    views: tables,
    content,
    chains,
  };
  writeJson(bench.paths.evaluation, evaluation);
  return evaluation;
}

/** A set seen through a view; the vectors of the next problem stand for another's. */
export function inputsOf(bench: Bench, set: TargetSet, view: View, bank: Bank): RowInputs {
  const { encode } = bench.client.lrm.tokenizer;
  const questions = set.problems.map(p => encode(p.question));
  const task = chainTask(bench, { view, questions, states: set.states }, bank);
  const { vectors } = task;
  const d = bench.policy.targetSize;
  const swapped = new Float32Array(vectors.length);
  swapped.set(vectors.subarray(d));
  swapped.set(vectors.subarray(0, d), vectors.length - d);
  const found = memo(async () => bestTexts(await decode(bench, bench.config.eval.decode, task, bank)));
  return { ...task, problems: set.problems, swapped, bank, found };
}

async function measureRow(bench: Bench, inputs: RowInputs, set: TargetSet, name: RowName): Promise<Measurements> {
  const texts = await ROWS[name](bench, inputs);
  const measured = await measure(bench, { ...inputs, answers: set.answers, texts });
  const { decode } = bench.config.eval;
  if (name !== decode && name !== SWAPPED[decode]) return measured;
  const words_read = shareRead(await readWords(bench, inputs, texts));
  return { ...measured, columns: { ...measured.columns, words_read } };
}

function bestView(result: number, validation: ReadonlyMap<string, Measurements>) {
  const right = [...validation].map(([view, { columns }]) => {
    const { numerator, denominator } = present(columns[`right_${result}`] ?? new Float64Array());
    return { result, view, validation: sum(numerator) / Math.max(1, sum(denominator)) };
  });
  return right.reduce((a, b) => (a.validation >= b.validation ? a : b));
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

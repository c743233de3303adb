/**
 * `npm run bench -- --quality`: time to quality. The quickstart's PPO, from the embedded warm start, with a checkpoint every few
 * updates; then each checkpoint's greedy texts on validation problems, at the step that says most about the second result of the
 * chain, until the model gives its own answer after enough of them (`same` of docs/evaluation.md). What counts is the seconds of the
 * updates up to there: no preparation, no validation.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { withTrainedRun } from '../src/cli/trainedRun.ts';
import { type Bench, vectorsOf } from '../src/eval/bench.ts';
import { writeTexts } from '../src/eval/candidates.ts';
import { measure } from '../src/eval/measure.ts';
import { loadCheckpoint } from '../src/run/checkpoint.ts';
import { createProgress } from '../src/run/progress.ts';
import { RecodiError } from '../src/tensor/errors.ts';
import { createShared, type SharedFloats } from '../src/tensor/shared.ts';

export interface QualityRequest {
  /** Share of the texts. */
  readonly goal: number;
  /** Most updates. */
  readonly updates: number;
}

/** Updates between checkpoints. */
const EVERY = 10;

export async function qualityText({ goal, updates }: QualityRequest): Promise<string> {
  const runs = mkdtempSync(join(tmpdir(), 'recodi-quality-'));
  try {
    await train(runs, updates);
    const seen: string[] = [];
    await withTrainedRun(context(), join(runs, 'quickstart'), {}, async bench => {
      for (const name of readdirSync(bench.paths.checkpoints)
        .filter(name => /^\d+$/.test(name))
        .sort()) {
        const { state, array } = loadCheckpoint(join(bench.paths.checkpoints, name), stateSchema);
        const same = await sameAnswer(bench, createShared(`quality.${name}`, array('params')));
        seen.push(`update ${state.done}, ${state.seconds.toFixed(1)} s: same answer ${same.toFixed(3)}`);
        if (same >= goal) return;
      }
      seen.push(`Not ${goal} within ${updates} updates.`);
    });
    return seen.join('\n');
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

const stateSchema = z.looseObject({ done: z.number(), seconds: z.number() });

const context = () => ({ signal: new AbortController().signal, progress: createProgress(), print: () => {} });

async function train(runs: string, updates: number): Promise<void> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const settings = [
    `ppo.updates=${updates}`,
    `ppo.checkpoint_every=${EVERY}`,
    `ppo.keep_checkpoints=${updates}`,
    `ppo.validate_every=${updates}`,
    'targets.problems.validation=200',
  ];
  const command = [
    here('../src/cli/main.ts'),
    'train',
    here('../configs/quickstart.yaml'),
    '--runs',
    runs,
    '--no-eval',
  ];
  const options = settings.flatMap(setting => ['--set', setting]);
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), ...command, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new RecodiError('internal', `recodi train ended with code ${code}.`);
}

/** Share of greedy texts after which the model gives its own answer, at the view that names the second result best. */
async function sameAnswer(bench: Bench, params: SharedFloats): Promise<number> {
  const { problems, states, answers } = bench.sets.get('validation')!;
  const questions = problems.map(problem => bench.client.lrm.tokenizer.encode(problem.question));
  let best = { right: -1, same: 0 };
  for (const view of bench.views.views) {
    const vectors = vectorsOf(bench, view, states);
    const texts = (await writeTexts(bench, { questions, vectors }, { params, count: 1 })).map(([text]) => text!);
    const { columns } = await measure(bench, { view, problems, questions, vectors, swapped: vectors, answers, texts });
    const [right, same] = [mean(columns.right_2!), mean(columns.same!)];
    if (right > best.right) best = { right, same };
  }
  return best.same;
}

const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length;

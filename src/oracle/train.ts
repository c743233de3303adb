/**
 * `recodi oracle train`: questions of a mixture of tasks, answered by a language model that is shown the vectors, in a run folder with
 * metrics and checkpoints. What is kept is the oracle that validation questions, on held-out problems, were answered best by.
 *
 * Every block of batches is drawn from its own stream and sorted by length, so that a batch's rows are alike, and a resumed training asks
 * what it would have asked.
 */
import { z } from 'zod';
import { createLearner, type LearnerState } from '../lm/learner.ts';
import { newestCheckpoint, saveCheckpoint } from '../run/checkpoint.ts';
import { RecodiError } from '../run/errors.ts';
import { unlessAborted } from '../run/interrupt.ts';
import { openMetrics } from '../run/metricsWriter.ts';
import { pick, shuffled, stream } from '../run/random.ts';
import type { ResumableRun } from '../run/resumable.ts';
import { checkpointSchedule } from '../run/schedule.ts';
import { noteStep, stopIfStuck } from '../run/skips.ts';
import { answerAll } from './answer.ts';
import type { Collected, FactSet } from './collect.ts';
import type { OracleConfig } from './config.ts';
import { type Oracle, saveOracle } from './folder.ts';
import { initialOracle, type OracleSpec } from './model.ts';
import { gradientTask } from './oracleTasks.ts';
import type { AnsweredRow } from './prompt.ts';
import { answeredRow, casesOf, type Found, type Question, type Statistics, type Teller, worded } from './rows.ts';
import { sameAnswer } from './score.ts';
import { type OracleTask, TASKS } from './tasks/index.ts';

const PHASE = 'oracle';
/** Batches that are drawn together and cut out of one list sorted by length. */
const GROUP = 8;

const stateSchema = z.strictObject({ updates: z.int().min(0), best: z.number().nullable() });

export interface OracleTraining extends ResumableRun {
  readonly config: OracleConfig;
  readonly oracle: Oracle;
  readonly collected: Collected;
  readonly statistics: Statistics;
}

/** A task of the mixture with its cases. */
interface Weighted {
  readonly task: OracleTask;
  readonly cases: readonly Found[];
  /** Of its weight and those before it. */
  readonly upTo: number;
}

/** Tasks of the mixture with what they make of the facts. @throws RecodiError('input') for one that makes nothing. */
function mixtureOf(config: OracleConfig, set: FactSet, run: string): Weighted[] {
  let sum = 0;
  return TASKS.filter(({ name }) => config.tasks[name] !== undefined).flatMap(task => {
    const cases = casesOf(task, set, config.seed);
    if (cases.length === 0 && task.name === 'unreadable') return [];
    if (cases.length === 0)
      throw new RecodiError(
        'input',
        `${run}: the task ${task.name} finds nothing to ask there (${task.source === 'labels' ? 'no label is accepted' : 'the world does not know what it asks'}); leave it out of tasks.`,
      );
    sum += config.tasks[task.name]!;
    return [{ task, cases, upTo: sum }];
  });
}

/** True where the training came to its end. */
export async function trainOracle(training: OracleTraining): Promise<boolean> {
  const { config, paths, pool, progress, warn, signal, oracle, collected, statistics } = training;
  const { spec, tokenizer } = oracle;
  const { parts, client } = collected;
  const { latents, model } = client.lrm.spec;
  const teller: Teller = { oracle: spec, tokenizer, statistics, count: latents + 1 };
  const mixture = mixtureOf(config, parts.train, config.run);
  const asked = validationQuestions(config, mixtureOf(config, parts.validation, config.run), model.layers);
  const checkpoint = training.resume ? newestCheckpoint(paths.checkpoints, stateSchema, warn) : undefined;
  const metrics = openMetrics(paths, { warn, resumeAt: { phase: PHASE, update: checkpoint?.step ?? 0 } });
  const kept: Omit<LearnerState, 'params'> | undefined = checkpoint && {
    m: checkpoint.array('m'),
    v: checkpoint.array('v'),
    updates: checkpoint.state.updates,
  };
  const learner = createLearner({
    pool,
    id: 'oracle',
    params: checkpoint?.array('params') ?? initialOracle(spec, stream(config.seed, 'oracle.init')),
    optimizer: { beta2: 0.98, weightDecay: config.weight_decay, maxGradNorm: config.max_grad_norm },
    ...(kept && { state: kept }),
  });
  let best = checkpoint?.state.best ?? null;
  const schedule = checkpointSchedule({ every: config.checkpoint_every, minutes: config.checkpoint_minutes });
  const save = (step: number) => {
    metrics.sync();
    const { params, m, v, updates } = learner.state();
    saveCheckpoint(
      paths.checkpoints,
      { step, state: { updates, best }, arrays: { params, m, v } },
      { keep: config.keep_checkpoints },
    );
    schedule.saved();
  };
  const skips = { skipped: 0, skippedInRow: 0 };
  const batches = batchesOf(config, { mixture, teller, set: parts.train, layers: model.layers });
  progress.stage('training the oracle', config.steps);
  for (let step = checkpoint?.step ?? 0; step < config.steps; step++) {
    const started = performance.now();
    const lr = learningRate(config, step);
    const result = await unlessAborted(signal, () =>
      learner.step({ task: gradientTask, inputs: microBatches(config, spec, batches(step)) }, { lr, signal }),
    );
    if (!result) {
      save(step);
      metrics.close();
      return false;
    }
    const done = step + 1;
    const figures: Record<string, number> = { lr, grad_norm: result.gradNorm, skipped_updates: result.skipped ? 1 : 0 };
    for (const part of result.metrics)
      for (const [name, value] of Object.entries(part)) figures[name] = (figures[name] ?? 0) + value;
    figures['time/step'] = (performance.now() - started) / 1000;
    const last = done === config.steps;
    if (last || done % config.validate_every === 0) {
      const right = await validate(training, teller, learner.params, asked);
      figures['validation/exact'] = right;
      if (best === null || right > best) {
        best = right;
        saveOracle(paths.oracle, oracle, learner.params.data.slice(), statistics, done);
      }
    }
    metrics.write({ phase: PHASE, update: done }, figures);
    const { 'oracle/loss': loss, 'oracle/token_accuracy': accuracy } = figures;
    progress.update(done, { loss: loss!, right: accuracy!, ...(best !== null && { validation: best }) });
    noteStep(skips, result.skipped);
    stopIfStuck(skips, paths.checkpoints, { where: `step ${done}`, advice: `lower lr (now ${config.lr})` });
    if (schedule.due(done) || last) save(done);
  }
  metrics.close();
  return true;
}

/** Learning rate after `step` steps: linear warm-up, then a cosine down to `min_lr_ratio`. */
function learningRate({ lr, steps, warmup, min_lr_ratio: least }: OracleConfig, step: number): number {
  const warm = Math.min(1, (step + 1) / Math.max(1, warmup));
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return lr * warm * (cosine * (1 - least) + least);
}

interface Drawing {
  readonly mixture: readonly Weighted[];
  readonly teller: Teller;
  readonly set: FactSet;
  readonly layers: number;
}

/** The rows of each step, by its number. */
function batchesOf({ seed, batch_size: size }: OracleConfig, { mixture, teller, set, layers }: Drawing) {
  const whole = mixture.at(-1)!.upTo;
  let group: { readonly number: number; readonly batches: readonly AnsweredRow[][] } | undefined;
  const length = ({ ids, answer }: AnsweredRow) => ids.length + answer.length;
  return (step: number): readonly AnsweredRow[] => {
    const number = Math.floor(step / GROUP);
    if (group?.number !== number) {
      const draw = stream(seed, 'oracle.batch', number);
      const rows = Array.from({ length: GROUP * size }, () => {
        const at = draw() * whole;
        const { task, cases } = mixture.find(({ upTo }) => at < upTo)!;
        return answeredRow(teller, set, worded(task, pick(draw, cases), { layers, held: false, draw })!);
      }).sort((a, b) => length(a) - length(b));
      const batches = Array.from({ length: GROUP }, (_, b) => rows.slice(b * size, (b + 1) * size));
      group = { number, batches: shuffled(draw, batches) };
    }
    return group.batches[step % GROUP]!;
  };
}

function microBatches({ micro_batch_size: size }: OracleConfig, oracle: OracleSpec, rows: readonly AnsweredRow[]) {
  const tokens = rows.reduce((sum, row) => sum + row.answer.length, 0);
  return Array.from({ length: rows.length / size }, (_, i) => ({
    oracle,
    rows: rows.slice(i * size, (i + 1) * size),
    tokens,
  }));
}

/** The same questions at every validation, as many of each task. */
function validationQuestions(config: OracleConfig, mixture: readonly Weighted[], layers: number): Question[] {
  const draw = stream(config.seed, 'oracle.validation');
  const each = Math.max(1, Math.floor(config.validation_questions / mixture.length));
  return mixture.flatMap(({ task, cases }) =>
    shuffled(draw, cases)
      .slice(0, each)
      .map(found => worded(task, found, { layers, held: false, draw })!),
  );
}

/** Share of the questions that are answered word for word. */
async function validate(
  { config, pool, signal, collected }: OracleTraining,
  teller: Teller,
  params: Parameters<typeof answerAll>[0]['params'],
  questions: readonly Question[],
): Promise<number> {
  const set = collected.parts.validation;
  const found = await answerAll({ pool, signal, teller, params, set, maxNewTokens: config.max_new_tokens }, questions);
  return questions.filter(({ answer }, i) => sameAnswer(found[i]!, answer)).length / questions.length;
}

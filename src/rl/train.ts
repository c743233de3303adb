/**
 * `recodi train`: the main job. Targets, warm start, PPO; then the best policy is left in the run folder for evaluation and
 * labels. Each phase can be resumed where a checkpoint stands, and gives the numbers it would have given.
 */
import { relative } from 'node:path';
import { z } from 'zod';
import { initialPolicy, type PolicySpec } from '../../policies/languageModel.ts';
import { createLearner, type LearnerState } from '../lm/learner.ts';
import { readFreeTexts, type TargetSet } from '../lrm/targets.ts';
import { standardise, type TextStatistics } from '../lrm/views.ts';
import { checkpointFolder, newestCheckpoint, saveCheckpoint } from '../run/checkpoint.ts';
import { RecodiError } from '../run/errors.ts';
import { unlessAborted } from '../run/interrupt.ts';
import { openJsonl, readJsonl } from '../run/jsonl.ts';
import type { Log } from '../run/log.ts';
import { type Metrics, type MetricsWriter, openMetrics } from '../run/metricsWriter.ts';
import type { RunPaths } from '../run/paths.ts';
import type { Progress } from '../run/progress.ts';
import { stream } from '../run/random.ts';
import { checkpointSchedule } from '../run/schedule.ts';
import { noteStep, stopIfStuck } from '../run/skips.ts';
import type { Pool } from '../tensor/pool.ts';
import { createShared } from '../tensor/shared.ts';
import { createAlarms, type Raised } from './alarms.ts';
import type { TrainConfig } from './config.ts';
import { loadPolicy, policyFolder, policySpec, savePolicy } from './policyFiles.ts';
import { type Ppo, type PpoState, ppoUpdate } from './ppo.ts';
import { type Prepared, prepare } from './prepare.ts';
import { problemSource } from './problems.ts';
import { inversionMetrics, sampleTable, systemMetrics, textMetrics } from './report.ts';
import { validate } from './validate.ts';
import { runWarmStart } from './warmStart.ts';

const stateSchema = z.strictObject({
  phase: z.enum(['warm_start', 'ppo']),
  /** Steps or updates done in the phase. */
  done: z.int().min(0),
  optimizer_steps: z.int().min(0),
  kl_coef: z.number(),
  skipped: z.int().min(0),
  skipped_in_row: z.int().min(0),
  seconds: z.number().min(0),
  best: z.number().nullable(),
});
type State = z.infer<typeof stateSchema>;

export interface Training {
  readonly config: TrainConfig;
  readonly paths: RunPaths;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly resume: boolean;
  readonly progress: Progress;
  readonly log: Log;
}

export interface Trained {
  readonly finished: boolean;
  readonly prepared: Prepared;
}

export async function runTraining(training: Training): Promise<Trained> {
  const { config, paths, progress, log } = training;
  const prepared = await prepare(training);
  const spec = policySpec(prepared.client.lrm, config.policy);
  const warn = (message: string) => {
    log.warn(message);
    progress.note(message);
  };
  const checkpoint = training.resume ? newestCheckpoint(paths.checkpoints, stateSchema, warn) : undefined;
  const state: State = checkpoint?.state ?? {
    phase: 'warm_start',
    done: 0,
    optimizer_steps: 0,
    kl_coef: config.ppo.kl.coef,
    skipped: 0,
    skipped_in_row: 0,
    seconds: 0,
    best: null,
  };
  const warms = config.policy.init === undefined && config.warm_start.steps > 0;
  const resumeAt = { phase: checkpoint || warms ? state.phase : 'ppo', update: checkpoint ? state.done : -1 };
  const metrics = openMetrics(paths, { warn, resumeAt });
  const kept: LearnerState | undefined = checkpoint && {
    params: checkpoint.array('params'),
    m: checkpoint.array('m'),
    v: checkpoint.array('v'),
    updates: state.optimizer_steps,
  };
  const job: Job = { ...training, prepared, spec, metrics, state, warn };
  try {
    const start =
      state.phase === 'warm_start' ? await warmStart(job, kept) : loadPolicy(policyFolder(paths, 'warm_start'), spec);
    if (!start) return { finished: false, prepared };
    const finished = await ppo(job, start, state.phase === 'ppo' ? kept : undefined);
    return { finished, prepared };
  } finally {
    metrics.close();
  }
}

interface Job extends Training {
  readonly prepared: Prepared;
  readonly spec: PolicySpec;
  readonly metrics: MetricsWriter;
  readonly state: State;
  warn(message: string): void;
}

interface Start {
  readonly params: Float32Array;
  readonly text: TextStatistics;
}

function save(job: Job, state: State, step: number, learner: LearnerState, best = false): void {
  job.metrics.sync();
  const { params, m, v } = learner;
  saveCheckpoint(
    job.paths.checkpoints,
    { step, state: { ...state, optimizer_steps: learner.updates }, arrays: { params, m, v } },
    { keep: job.config.ppo.keep_checkpoints, best },
  );
}

/** The policy that PPO starts from; undefined where the signal came first. */
async function warmStart(job: Job, kept: LearnerState | undefined): Promise<Start | undefined> {
  const { config, paths, pool, prepared, spec, progress, signal } = job;
  const settings = config.warm_start;
  const folder = policyFolder(paths, 'warm_start');
  if (config.policy.init !== undefined) {
    const start = loadPolicy(config.policy.init, spec);
    savePolicy(folder, spec, start.params, start.text);
    return start;
  }
  const { text } = prepared.views;
  const initial = kept?.params ?? initialPolicy(spec, stream(config.seed, 'policy.init'));
  const optimizer = { beta2: 0.999, weightDecay: settings.weight_decay, maxGradNorm: settings.max_grad_norm };
  const learner = createLearner({ pool, id: 'warm_start', params: initial, optimizer, ...(kept && { state: kept }) });
  let { done } = job.state;
  if (done < settings.steps) {
    progress.stage('reading free texts', settings.pool);
    const { encode } = prepared.client.lrm.tokenizer;
    const free = await readFreeTexts(prepared.client, prepared.world, prepared.sets.get('train')!.problems, {
      count: settings.pool,
      maxWords: config.policy.max_new_tokens - 1,
      context: config.targets.context,
      seed: config.seed,
      purpose: 'warm_start.text',
      onProgress: done => progress.update(done),
    });
    progress.stage('warm start', settings.steps);
    const started = performance.now();
    const skips = { skipped: 0, skippedInRow: 0 };
    const schedule = checkpointSchedule({ every: settings.checkpoint_every, minutes: config.ppo.checkpoint_minutes });
    done = await runWarmStart({
      learner,
      policy: spec,
      settings,
      data: { texts: free.texts.map(encode), z: standardise(text, free.states), questions: free.questions },
      width: config.policy.max_new_tokens,
      seed: config.seed,
      from: done,
      signal,
      onStep(step, metrics) {
        job.metrics.write({ phase: 'warm_start', update: step }, metrics);
        noteStep(skips, metrics.skipped_updates === 1);
        const advice = `lower warm_start.lr (now ${settings.lr})`;
        stopIfStuck(skips, paths.checkpoints, { where: `warm start, step ${step}`, advice });
        progress.update(step, { loss: metrics['warm_start/loss']! });
        if (schedule.due(step) && step < settings.steps) {
          save(job, { ...job.state, phase: 'warm_start', done: step }, step, learner.state());
          schedule.saved();
        }
      },
    });
    job.state.seconds += (performance.now() - started) / 1000;
    save(job, { ...job.state, phase: 'warm_start', done }, done, learner.state());
  }
  if (done < settings.steps) return undefined;
  const { params } = learner.state();
  savePolicy(folder, spec, params, text);
  return { params, text };
}

/** Runs PPO; false where the signal stopped it (a checkpoint is written). */
async function ppo(job: Job, start: Start, kept: LearnerState | undefined): Promise<boolean> {
  const { config, paths, pool, prepared, spec, progress, signal, state } = job;
  const settings = config.ppo;
  const offset = config.policy.init === undefined ? config.warm_start.steps : 0;
  const before = state.phase === 'ppo' ? state : { ...state, phase: 'ppo' as const, done: 0, seconds: 0, best: null };
  const current: PpoState = {
    update: before.done,
    klCoefficient: before.kl_coef,
    skipped: before.skipped,
    skippedInRow: before.skipped_in_row,
  };
  const optimizer = { beta2: settings.beta2, weightDecay: settings.weight_decay, maxGradNorm: settings.max_grad_norm };
  const learner = createLearner({
    pool,
    id: 'policy',
    params: kept?.params ?? start.params,
    optimizer,
    ...(kept && { state: kept }),
  });
  const { views } = prepared.views;
  const train = prepared.sets.get('train') as TargetSet;
  const problems = problemSource({
    client: prepared.client,
    set: train,
    views,
    text: start.text,
    seed: config.seed,
    count: settings.problems_per_update,
  });
  const trainer: Ppo = {
    pool,
    learner,
    reference: createShared('reference', start.params),
    policy: spec,
    tokenizer: config.lrm,
    environment: {
      kind: 'latent_inversion',
      lrm: config.lrm,
      views: paths.translators,
      context: config.targets.context,
      similarity: config.reward.kind,
      missingEndPenalty: config.reward.missing_end_penalty,
      lengthPenalty: config.reward.length_penalty,
      width: config.policy.max_new_tokens,
    },
    settings,
    maxNewTokens: config.policy.max_new_tokens,
    seed: config.seed,
    signal,
    problems,
  };
  const samples = openJsonl(paths.samples, {
    warn: job.warn,
    rewind: record => (record.update as number) <= current.update,
  });
  let seconds = before.seconds;
  let best = before.best;
  const schedule = checkpointSchedule({ every: settings.checkpoint_every, minutes: settings.checkpoint_minutes });
  const fraction = () =>
    Math.max(
      settings.updates === 0 ? 1 : current.update / settings.updates,
      settings.minutes === undefined ? 0 : seconds / 60 / settings.minutes,
    );
  const stateNow = (): State => ({
    phase: 'ppo',
    done: current.update,
    optimizer_steps: learner.updates,
    kl_coef: current.klCoefficient,
    skipped: current.skipped,
    skipped_in_row: current.skippedInRow,
    seconds,
    best,
  });
  const standing = () => ({ state: stateNow(), learner: learner.state() });
  const saveNow = ({ state, learner } = standing(), isBest = false) => {
    samples.sync();
    save(job, state, offset + state.done, learner, isBest);
    schedule.saved();
  };
  const check = async () => {
    const score = await validate(trainer, prepared, config, start.text);
    const better = best === null || score['validation/score']! > best;
    if (better) {
      best = score['validation/score']!;
      savePolicy(policyFolder(paths, 'policy'), spec, learner.state().params, start.text);
    }
    return { score, better };
  };
  const alarms = createAlarms(config.alarms);
  for (const line of readJsonl(paths.metrics)) if (line.phase === 'ppo') alarms.take(line.update as number, line);
  /** Writes an update's line and says what alarms go up with it; returns one that ends the run. */
  const record = (update: number, metrics: Metrics): Raised | undefined => {
    const { metrics: judged, raised } = alarms.take(update, metrics);
    job.metrics.write({ phase: 'ppo', update }, { ...metrics, ...judged });
    const stop = raised.find(alarm => alarm.stop);
    for (const alarm of raised) if (alarm !== stop) job.warn(alarm.sentence);
    return stop;
  };
  progress.stage('PPO', settings.updates);
  const leave = () => {
    samples.close();
    return false;
  };
  if (best === null) {
    const first = await unlessAborted(signal, check);
    if (!first) return leave();
    const stop = record(0, first.score);
    saveNow(standing(), true);
    if (stop) throw stopped(job, stop);
  }
  while (fraction() < 1) {
    // An update changes the parameters in place: where it is interrupted, the checkpoint is of what stood before it.
    const before = standing();
    const lr = learningRate(settings, current.update, fraction());
    const done = await unlessAborted(signal, async () => {
      const began = performance.now();
      const update = await ppoUpdate(trainer, current, lr);
      const metrics = {
        ...update.metrics,
        ...inversionMetrics(update, prepared.world, settings.samples_per_problem),
        ...textMetrics(update, settings.samples_per_problem),
        ...systemMetrics(pool),
      };
      seconds += (performance.now() - began) / 1000;
      const last = fraction() >= 1;
      const validating = last || current.update % settings.validate_every === 0;
      return { update, metrics, last, ...(validating ? await check() : { score: {}, better: false }) };
    });
    if (!done) {
      saveNow(before);
      return leave();
    }
    const { update, metrics, last, score, better } = done;
    const stop = record(current.update, { ...metrics, ...score });
    samples.append(sampleTable(update, current.update, train, settings.samples_per_problem));
    const advice = `lower ppo.lr (now ${settings.lr}) or raise ppo.kl.coef`;
    stopIfStuck(current, paths.checkpoints, { where: `PPO, update ${current.update}`, advice });
    progress.update(current.update, {
      score: metrics['objective/scores']!,
      kl: metrics['objective/kl']!,
      gap: metrics['inversion/gap']!,
    });
    if (better || last || stop || schedule.due(current.update)) saveNow(standing(), better);
    if (stop) throw stopped(job, stop);
  }
  samples.close();
  return true;
}

/** The alarm is up and stays so: a run that is resumed goes on past it. */
function stopped({ paths, log }: Job, { name, sentence }: Raised): RecodiError {
  log.error(sentence);
  const last = checkpointFolder(paths.checkpoints, 'last');
  return new RecodiError(
    'gate',
    `${sentence} The run stopped there, for alarms.stop names ${name}; \`recodi resume ${relative('.', paths.folder)}\` goes on from ${relative('.', last)} in spite of it.`,
  );
}

/** Warm-up over updates, then constant or falling with the share of the run that is done. */
function learningRate(
  { lr, warmup, lr_schedule: schedule, min_lr_ratio: floor }: TrainConfig['ppo'],
  update: number,
  done: number,
): number {
  const decay = schedule === 'linear' ? Math.max(floor, 1 - done) : 1;
  return lr * Math.min(1, (update + 1) / Math.max(1, warmup)) * decay;
}

/** Reinforcement learning as a phase of a training: its updates with their metrics, validations, alarms, checkpoints and the best policy. */
import { relative } from 'node:path';
import { createLearner, type Learner, type LearnerState } from '../lm/learner.ts';
import type { TargetSet } from '../lrm/targets.ts';
import { checkpointFolder } from '../run/checkpoint.ts';
import { RecodiError } from '../run/errors.ts';
import { unlessAborted } from '../run/interrupt.ts';
import { openJsonl, readJsonl } from '../run/jsonl.ts';
import type { Metrics } from '../run/metricsWriter.ts';
import { checkpointSchedule } from '../run/schedule.ts';
import { stopIfStuck } from '../run/skips.ts';
import { createShared } from '../tensor/shared.ts';
import { createAlarms, type Raised } from './alarms.ts';
import type { TrainConfig } from './config.ts';
import { type Job, type Start, type State, save } from './job.ts';
import { policyFolder, savePolicy } from './policyFiles.ts';
import { type Ppo, type PpoState, ppoUpdate } from './ppo.ts';
import { problemSource } from './problems.ts';
import { inversionMetrics, sampleTable, systemMetrics, textMetrics } from './report.ts';
import { validate } from './validate.ts';

/** Runs PPO, or the algorithm in its place; false where the signal stopped it (a checkpoint is written). */
export async function ppo(job: Job, start: Start, kept: LearnerState | undefined): Promise<boolean> {
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
  const train = prepared.sets.get('train') as TargetSet;
  const trainer = trainerOf(job, start, learner);
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
  const algorithm = settings.algorithm.toUpperCase();
  progress.stage(algorithm, settings.updates);
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
    stopIfStuck(current, paths.checkpoints, { where: `${algorithm}, update ${current.update}`, advice });
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

function trainerOf({ config, paths, pool, prepared, spec, signal }: Job, start: Start, learner: Learner): Ppo {
  const settings = config.ppo;
  const problems = problemSource({
    client: prepared.client,
    set: prepared.sets.get('train') as TargetSet,
    views: prepared.views.views,
    text: start.text,
    seed: config.seed,
    count: settings.problems_per_update,
  });
  return {
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

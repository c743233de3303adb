/**
 * `recodi train`: the main job. Targets, warm start, PPO; then the best policy is left in the run folder for evaluation and
 * labels. Each phase can be resumed where a checkpoint stands, and gives the numbers it would have given.
 */
import type { LearnerState } from '../lm/learner.ts';
import { newestCheckpoint } from '../run/checkpoint.ts';
import { openMetrics } from '../run/metricsWriter.ts';
import { type Job, type State, stateSchema, type Training } from './job.ts';
import { loadPolicy, policyFolder, policySpec } from './policyFiles.ts';
import { ppo } from './ppoPhase.ts';
import { type Prepared, prepare } from './prepare.ts';
import { warmStart } from './warmStartPhase.ts';

export interface Trained {
  readonly finished: boolean;
  readonly prepared: Prepared;
}

export async function runTraining(training: Training): Promise<Trained> {
  const { config, paths, warn } = training;
  const prepared = await prepare(training);
  const spec = policySpec(prepared.client.lrm, config.policy);
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
  const job: Job = { ...training, prepared, spec, metrics, state };
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

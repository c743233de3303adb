/** What the phases of a training share: what was asked for, what is prepared, where a resumed run stands, and how it is kept. */
import { z } from 'zod';
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { LearnerState } from '../lm/learner.ts';
import type { TextStatistics } from '../lrm/views.ts';
import { saveCheckpoint } from '../run/checkpoint.ts';
import type { MetricsWriter } from '../run/metricsWriter.ts';
import type { ResumableRun } from '../run/resumable.ts';
import type { TrainConfig } from './config.ts';
import type { Prepared } from './prepare.ts';

export const stateSchema = z.strictObject({
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
export type State = z.infer<typeof stateSchema>;

export interface Training extends ResumableRun {
  readonly config: TrainConfig;
}

export interface Job extends Training {
  readonly prepared: Prepared;
  readonly spec: PolicySpec;
  readonly metrics: MetricsWriter;
  readonly state: State;
}

/** What PPO begins from. */
export interface Start {
  readonly params: Float32Array;
  readonly text: TextStatistics;
}

/** Writes a checkpoint, and the metrics before it. */
export function save(job: Job, state: State, step: number, learner: LearnerState, best = false): void {
  job.metrics.sync();
  const { params, m, v } = learner;
  saveCheckpoint(
    job.paths.checkpoints,
    { step, state: { ...state, optimizer_steps: learner.updates }, arrays: { params, m, v } },
    { keep: job.config.ppo.keep_checkpoints, best },
  );
}

/**
 * Data-parallel training of one flat parameter vector. Each micro-batch is a pool task that returns the gradient of its share
 * of the loss (already divided by the whole batch's token count); the gradients are summed in micro-batch order, whoever
 * computed them and whenever they came, and one compiled AdamW step runs in one worker. So the result does not depend on the
 * number of workers. Parameters and moments lie in shared memory that this thread owns; `params.version` counts the updates.
 * A step that is not finite changes nothing and says `skipped`; one whose worker dies is taken again.
 */
import { RecodiError } from '../tensor/errors.ts';
import { LostWorker, MOST_DEATHS } from '../tensor/lostWorker.ts';
import type { Pool, TaskRef } from '../tensor/pool.ts';
import { createShared, type SharedFloats } from '../tensor/shared.ts';
import { adamTask } from './adamTask.ts';

export interface Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Decoupled, times the learning rate. */
  readonly weightDecay: number;
  /** The summed gradient is scaled down to this norm; Infinity = never. */
  readonly maxGradNorm: number;
}

const DEFAULTS: Optimizer = {
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  maxGradNorm: Number.POSITIVE_INFINITY,
};

/** What a micro-batch task returns. The metrics named `loss` or `…/loss` must be finite, else the step is skipped. */
export interface MicroGradient {
  readonly gradient: Float32Array;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface MicroBatches<I extends { readonly params: SharedFloats }> {
  readonly task: TaskRef<I, MicroGradient>;
  /** One per micro-batch; the learner adds `params`. */
  readonly inputs: readonly Omit<I, 'params'>[];
}

export interface StepOptions {
  readonly lr: number;
  /** Aborting drops the micro-batches that wait; the step then rejects and changes nothing. */
  readonly signal?: AbortSignal;
}

export interface StepResult {
  /** Norm of the summed gradient before clipping; NaN where a loss was not finite. */
  readonly gradNorm: number;
  readonly skipped: boolean;
  /** In micro-batch order. */
  readonly metrics: readonly Readonly<Record<string, number>>[];
}

export interface LearnerState {
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly updates: number;
}

export interface Learner {
  readonly params: SharedFloats;
  /** Steps taken, skipped ones not counted. */
  readonly updates: number;
  step<I extends { readonly params: SharedFloats }>(micro: MicroBatches<I>, options: StepOptions): Promise<StepResult>;
  /** Copies, for a checkpoint: `createLearner` with `params` and `state` from it continues bitwise equally. */
  state(): LearnerState;
}

export interface LearnerOptions {
  readonly pool: Pool;
  /** Appears in errors. */
  readonly id: string;
  readonly params: Float32Array;
  readonly optimizer?: Partial<Optimizer>;
  readonly state?: Omit<LearnerState, 'params'>;
}

/** Throws `input` when `state` is of another size than `params`. */
export function createLearner({ pool, id, params: start, optimizer, state }: LearnerOptions): Learner {
  const settings = { ...DEFAULTS, ...optimizer };
  let updates = state?.updates ?? 0;
  const zeros = new Float32Array(start.length);
  for (const moment of [state?.m ?? zeros, state?.v ?? zeros]) {
    if (moment.length === start.length) continue;
    throw new RecodiError(
      'input',
      `expected optimiser moments of ${start.length} floats for "${id}", got ${moment.length}: the checkpoint is another model's`,
    );
  }
  const params = createShared(id, start, updates);
  const m = createShared(`${id}.m`, state?.m ?? zeros, updates);
  const v = createShared(`${id}.v`, state?.v ?? zeros, updates);
  let busy = false;

  async function gradients<I extends { readonly params: SharedFloats }>(micro: MicroBatches<I>, signal?: AbortSignal) {
    const shares = micro.inputs.map(input =>
      pool.run(micro.task, { ...input, params } as unknown as I, signal === undefined ? {} : { signal }),
    );
    // All must have settled before anyone may write the parameters again, even when one has failed.
    await Promise.allSettled(shares);
    return Promise.all(shares);
  }

  async function step<I extends { readonly params: SharedFloats }>(
    micro: MicroBatches<I>,
    { lr, signal }: StepOptions,
  ): Promise<StepResult> {
    const shares = await gradients(micro, signal);
    const metrics = shares.map(share => share.metrics);
    for (const { gradient } of shares) {
      if (gradient.length === start.length) continue;
      throw new RecodiError(
        'internal',
        `expected a gradient of ${start.length} floats for "${id}", got ${gradient.length}`,
      );
    }
    if (!metrics.every(lossIsFinite)) return { gradNorm: Number.NaN, skipped: true, metrics };
    const list = shares.map(share => share.gradient);
    const { gradNorm, finite } = await pool.run(
      adamTask,
      { params, m, v, gradients: list, step: updates + 1, lr, ...settings },
      { transfer: [...new Set(list.map(gradient => gradient.buffer as ArrayBuffer))] },
    );
    if (!finite) return { gradNorm, skipped: true, metrics };
    updates += 1;
    for (const shared of [params, m, v]) shared.version += 1;
    return { gradNorm, skipped: false, metrics };
  }

  /** The gradients moved to the worker that takes the step: where it dies they are computed again, to the same numbers. */
  async function surviving<T>(attempt: () => Promise<T>): Promise<T> {
    for (let deaths = 1; ; deaths++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof LostWorker) || error.task !== adamTask.name || deaths === MOST_DEATHS) throw error;
      }
    }
  }

  return {
    params,
    get updates() {
      return updates;
    },
    async step(micro, options) {
      if (busy) throw new RecodiError('internal', `expected one step of "${id}" at a time, got a second one`);
      if (micro.inputs.length === 0)
        throw new RecodiError('internal', `expected micro-batches for a step of "${id}", got none`);
      busy = true;
      try {
        return await surviving(() => step(micro, options));
      } finally {
        busy = false;
      }
    },
    state: () => ({ params: params.data.slice(), m: m.data.slice(), v: v.data.slice(), updates }),
  };
}

function lossIsFinite(metrics: Readonly<Record<string, number>>): boolean {
  return Object.entries(metrics).every(([name, value]) => !/(^|\/)loss$/.test(name) || Number.isFinite(value));
}

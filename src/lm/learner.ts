/**
 * Data-parallel training of one flat parameter vector. Each micro-batch is a pool task that returns the gradient of its share
 * of the loss (already divided by the whole batch's token count); the gradients are summed in micro-batch order, whoever
 * computed them and whenever they came, and this thread takes the AdamW step. So the result does not depend on the number of
 * workers. The parameters lie in shared memory that this thread owns; `params.version` counts the updates.
 * A step that is not finite changes nothing and says `skipped`.
 */
import { RecodiError } from '../tensor/errors.ts';
import { discard } from '../tensor/moving.ts';
import type { Pool, TaskRef } from '../tensor/pool.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { type AdamSettings, createAdam } from './adam.ts';

const DEFAULTS: AdamSettings = {
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  maxGradNorm: Number.POSITIVE_INFINITY,
};

/** What a micro-batch task returns. The metrics named `loss` or `…/loss` must be finite, else the step is skipped. */
export interface MicroGradient {
  /** In the order of the parameters, each part an array that nobody else keeps. */
  readonly gradient: readonly Float32Array[];
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
  readonly optimizer?: Partial<AdamSettings>;
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
  const adam = createAdam(id, { params: start, m: state?.m ?? zeros, v: state?.v ?? zeros }, updates);
  const { params, m, v, gradient: sum } = adam;
  let busy = false;

  /** Leaves the summed gradient in `sum`, adding while workers still compute. Returns the micro-batches' metrics. */
  async function gradients<I extends { readonly params: SharedFloats }>(micro: MicroBatches<I>, signal?: AbortSignal) {
    const shares = micro.inputs.map(input =>
      pool.run(micro.task, { ...input, params } as unknown as I, signal === undefined ? {} : { signal }),
    );
    // All must have settled before anyone may write the parameters again, even when one has failed.
    const settled = Promise.allSettled(shares);
    const metrics: MicroGradient['metrics'][] = [];
    try {
      for (const share of shares) {
        const part = await share;
        add(part.gradient, metrics.length === 0);
        metrics.push(part.metrics);
      }
    } finally {
      await settled;
    }
    return metrics;
  }

  function add(gradient: readonly Float32Array[], first: boolean): void {
    const size = gradient.reduce((total, part) => total + part.length, 0);
    if (size !== sum.length)
      throw new RecodiError('internal', `expected a gradient of ${sum.length} floats for "${id}", got ${size}`);
    let offset = 0;
    for (const part of gradient) {
      if (first) sum.set(part, offset);
      else addTo(sum, part, offset);
      offset += part.length;
    }
    discard(gradient);
  }

  async function step<I extends { readonly params: SharedFloats }>(
    micro: MicroBatches<I>,
    { lr, signal }: StepOptions,
  ): Promise<StepResult> {
    const metrics = await gradients(micro, signal);
    if (!metrics.every(lossIsFinite)) return { gradNorm: Number.NaN, skipped: true, metrics };
    const gradNorm = adam.norm();
    if (!Number.isFinite(gradNorm)) return { gradNorm, skipped: true, metrics };
    updates += 1;
    adam.step(settings, { step: updates, lr, gradNorm });
    return { gradNorm, skipped: false, metrics };
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
        return await step(micro, options);
      } finally {
        busy = false;
      }
    },
    state: () => ({ params: params.data.slice(), m: m.slice(), v: v.slice(), updates }),
  };
}

function addTo(sum: Float32Array, part: Float32Array, offset: number): void {
  for (let i = 0; i < part.length; i++) sum[offset + i]! += part[i]!;
}

function lossIsFinite(metrics: Readonly<Record<string, number>>): boolean {
  return Object.entries(metrics).every(([name, value]) => !/(^|\/)loss$/.test(name) || Number.isFinite(value));
}

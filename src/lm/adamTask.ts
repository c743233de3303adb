/**
 * Worker task: one AdamW step over shared memory. One compiled call on private copies; the new values are published only when
 * the gradient's norm is finite, so that a bad batch leaves parameters and moments as they were.
 */
import { compile, f32 } from '../tensor/index.ts';
import { task } from '../tensor/pool.ts';
import { localCopy, publish, type SharedFloats } from '../tensor/shared.ts';
import { adamStep } from './adam.ts';

export interface AdamInput {
  readonly params: SharedFloats;
  readonly m: SharedFloats;
  readonly v: SharedFloats;
  /** Summed in this order. */
  readonly gradients: readonly Float32Array[];
  /** Number of this step, 1 for the first. */
  readonly step: number;
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
}

const compiled = compile('adam', adamStep);
const scalar = (value: number) => f32([value], []);
const vector = (data: Float32Array) => f32(data, [data.length]);

export async function adam(input: AdamInput): Promise<{ gradNorm: number; finite: boolean }> {
  const { params, m, v, gradients } = input;
  const result = await compiled({
    params: vector(localCopy(params)),
    m: vector(localCopy(m)),
    v: vector(localCopy(v)),
    gradient: gradients.map(vector),
    step: scalar(input.step),
    lr: scalar(input.lr),
    beta1: scalar(input.beta1),
    beta2: scalar(input.beta2),
    eps: scalar(input.eps),
    weightDecay: scalar(input.weightDecay),
    clip: scalar(input.maxGradNorm),
  });
  const finite = result.finite.data[0] === 1;
  if (finite) {
    publish(params, result.params.data as Float32Array);
    publish(m, result.m.data as Float32Array);
    publish(v, result.v.data as Float32Array);
  }
  return { gradNorm: result.gradNorm.data[0]!, finite };
}

export const adamTask = task(import.meta.url, adam);

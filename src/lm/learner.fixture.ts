/** A tiny regression to learn: y = W x + b, with the gradient of one micro-batch as a task. */
import { f32, tf } from '../tensor/index.ts';
import { task } from '../tensor/pool.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import type { MicroGradient } from './learner.ts';
import { microGradient } from './microGradient.ts';
import { layout } from './parameters.ts';

export const shape = layout([
  ['weight', [3, 2]],
  ['bias', [2]],
]);

export interface RegressionInput {
  readonly params: SharedFloats;
  /** [rows,3] */
  readonly x: Float32Array;
  /** [rows,2] */
  readonly y: Float32Array;
  /** Rows of the whole batch. */
  readonly total: number;
  readonly pauseMs?: number;
  /** Counts the calls; the first ends its worker thread. */
  readonly dies?: SharedArrayBuffer;
}

interface Batch {
  readonly x: tf.Tensor2D;
  readonly y: tf.Tensor2D;
  readonly total: tf.Scalar;
}

const gradient = microGradient<Batch>('regression', shape, ({ weight, bias }, { x, y, total }) => {
  const error = tf.sub(tf.add(tf.matMul(x, weight as tf.Tensor2D), bias!), y);
  const loss = tf.div(tf.sum(tf.square(error)), total) as tf.Scalar;
  return { loss, metrics: { loss } };
});

export async function regression({ params, x, y, total, pauseMs, dies }: RegressionInput): Promise<MicroGradient> {
  if (dies !== undefined && Atomics.add(new Int32Array(dies), 0, 1) === 0) process.exit(9);
  if (pauseMs !== undefined) await new Promise(resolve => setTimeout(resolve, pauseMs));
  const rows = x.length / 3;
  return gradient(params, { x: f32(x, [rows, 3]), y: f32(y, [rows, 2]), total: f32([total], []) });
}

/** As `regression`, with all parts in one buffer. */
export async function inOneBuffer(input: RegressionInput): Promise<MicroGradient> {
  const { gradient: parts, metrics } = await regression(input);
  const whole = Float32Array.from(parts.flatMap(part => [...part]));
  const split = parts[0]!.length;
  return { gradient: [whole.subarray(0, split), whole.subarray(split)], metrics };
}

export async function infiniteLoss({ params }: RegressionInput): Promise<MicroGradient> {
  return { gradient: [new Float32Array(params.data.length)], metrics: { 'part/loss': Number.POSITIVE_INFINITY } };
}

export async function failing(): Promise<MicroGradient> {
  throw new Error('no gradient today');
}

export const tasks = {
  regression: task(import.meta.url, regression),
  inOneBuffer: task(import.meta.url, inOneBuffer),
  infiniteLoss: task(import.meta.url, infiniteLoss),
  failing: task<RegressionInput, MicroGradient>(import.meta.url, failing),
};

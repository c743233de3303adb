/** A tiny regression to learn: y = W x + b, with the gradient of one micro-batch as a task. */
import { compile, f32, tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { task } from '../tensor/pool.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import type { MicroGradient } from './learner.ts';
import { gradientParts, hostViews, layout, valueAndGradient } from './parameters.ts';

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

const graph = compile(
  'regression',
  (inputs: { params: Record<string, tf.Tensor>; x: tf.Tensor2D; y: tf.Tensor2D; total: tf.Scalar }) =>
    valueAndGradient(inputs.params, ({ weight, bias }) => {
      const error = tf.sub(tf.add(tf.matMul(inputs.x, weight as tf.Tensor2D), bias!), inputs.y);
      return { loss: tf.div(tf.sum(tf.square(error)), inputs.total) as tf.Scalar, metrics: {} };
    }),
);

export async function regression({ params, x, y, total, pauseMs, dies }: RegressionInput): Promise<MicroGradient> {
  if (dies !== undefined && Atomics.add(new Int32Array(dies), 0, 1) === 0) process.exit(9);
  if (pauseMs !== undefined) await new Promise(resolve => setTimeout(resolve, pauseMs));
  const rows = x.length / 3;
  const flat = localCopy(params);
  const out = await graph({
    params: hostViews(shape, flat),
    x: f32(x, [rows, 3]),
    y: f32(y, [rows, 2]),
    total: f32([total], []),
  });
  const gradient = gradientParts(shape, out.gradient);
  return moving({ gradient, metrics: { loss: out.loss.data[0]! } }, gradient);
}

export async function infiniteLoss({ params }: RegressionInput): Promise<MicroGradient> {
  return { gradient: [new Float32Array(params.data.length)], metrics: { 'part/loss': Number.POSITIVE_INFINITY } };
}

export async function failing(): Promise<MicroGradient> {
  throw new Error('no gradient today');
}

export const tasks = {
  regression: task(import.meta.url, regression),
  infiniteLoss: task(import.meta.url, infiniteLoss),
  failing: task<RegressionInput, MicroGradient>(import.meta.url, failing),
};

/** Worker task: of a bank's states those nearest to targets, by cosine in a view's frame. */
import type { Frame } from '../lrm/similarity.ts';
import { compile, f32, tf } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';

export interface NearestRequest {
  /** [n,d] */
  readonly states: SharedFloats;
  readonly frame: Frame;
  /** Targets [T,d]. */
  readonly vectors: Float32Array;
  /** At most n. */
  readonly count: number;
}

interface Inputs {
  readonly states: tf.Tensor2D;
  readonly centre: tf.Tensor1D;
  readonly whitening: tf.Tensor2D;
  readonly targetWhitening: tf.Tensor2D;
  readonly vectors: tf.Tensor2D;
}

const TINY = 1e-30;

const graph = oncePer((count: number) =>
  compile(`eval.nearest.${count}`, ({ states, centre, whitening, targetWhitening, vectors }: Inputs) => {
    const directions = (rows: tf.Tensor2D, by: tf.Tensor2D): tf.Tensor2D => {
      const white = tf.matMul(tf.sub<tf.Tensor2D>(rows, centre), by);
      return tf.mul(white, tf.rsqrt(tf.add(tf.sum(tf.square(white), 1, true), TINY)));
    };
    const cosines = tf.matMul(directions(vectors, targetWhitening), directions(states, whitening), false, true);
    return { rows: tf.topk(cosines, count).indices };
  }),
);

/** Rows of `states`, nearest first: [T,count]. */
export async function nearestRows({ states, frame, vectors, count }: NearestRequest): Promise<Int32Array> {
  const d = frame.centre.length;
  const rows = (x: Float32Array) => f32(x, [x.length / d, d]);
  const { rows: found } = await graph(count)({
    states: rows(localCopy(states)),
    centre: f32(frame.centre, [d]),
    whitening: rows(frame.whitening),
    targetWhitening: rows(frame.targetWhitening ?? frame.whitening),
    vectors: rows(vectors),
  });
  return found.data as Int32Array;
}
export const nearestTask = task<NearestRequest, Int32Array>(import.meta.url, nearestRows);

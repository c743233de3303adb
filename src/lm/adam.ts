/**
 * One AdamW step on a flat parameter vector (Loshchilov & Hutter 2019): decoupled decay, clipping by the global norm.
 * Every hyper-parameter is a tensor: a compiled step is recorded once, and a number would be baked into the record.
 */
import * as tf from '@tensorflow/tfjs';

export interface AdamStep {
  readonly params: tf.Tensor1D;
  readonly m: tf.Tensor1D;
  readonly v: tf.Tensor1D;
  /** One gradient [n], or several that are summed in order. */
  readonly gradient: tf.Tensor1D | tf.Tensor2D | readonly tf.Tensor1D[];
  /** Number of this step, 1 for the first. */
  readonly step: tf.Scalar;
  readonly lr: tf.Scalar;
  readonly beta1: tf.Scalar;
  readonly beta2: tf.Scalar;
  readonly eps: tf.Scalar;
  /** A scalar, or [n] to exempt some parameters. */
  readonly weightDecay: tf.Tensor;
  /** Largest norm of the summed gradient that passes unscaled. */
  readonly clip: tf.Scalar;
}

/**
 * Returns the new parameters and moments, the gradient's norm before clipping, and `finite` (1 or 0).
 * Where `finite` is 0 the new values are meaningless: keep the old ones.
 */
export function adamStep(inputs: AdamStep): {
  params: tf.Tensor1D;
  m: tf.Tensor1D;
  v: tf.Tensor1D;
  gradNorm: tf.Scalar;
  finite: tf.Scalar;
} {
  const { params, step, lr, beta1, beta2, eps, weightDecay, clip } = inputs;
  const raw = summed(inputs.gradient);
  const gradNorm = tf.sqrt(tf.sum(tf.square(raw))) as tf.Scalar;
  const gradient = tf.mul(raw, tf.minimum(1, tf.div(clip, tf.add(gradNorm, 1e-6))));

  const m = tf.add(tf.mul(inputs.m, beta1), tf.mul(gradient, tf.sub(1, beta1)));
  const v = tf.add(tf.mul(inputs.v, beta2), tf.mul(tf.square(gradient), tf.sub(1, beta2)));
  const rate = tf.div(lr, tf.sub(1, tf.pow(beta1, step)));
  const root = tf.sqrt(tf.div(v, tf.sub(1, tf.pow(beta2, step))));
  const kept = tf.mul(params, tf.sub(1, tf.mul(lr, weightDecay)));
  return {
    params: tf.sub(kept, tf.mul(rate, tf.div(m, tf.add(root, eps)))) as tf.Tensor1D,
    m: m as tf.Tensor1D,
    v: v as tf.Tensor1D,
    gradNorm,
    finite: tf.cast(tf.less(gradNorm, tf.scalar(Number.POSITIVE_INFINITY)), 'float32') as tf.Scalar,
  };
}

function summed(gradient: AdamStep['gradient']): tf.Tensor1D {
  const parts = gradient instanceof tf.Tensor ? (gradient.rank === 2 ? tf.unstack(gradient) : [gradient]) : gradient;
  return parts.reduce((sum, part) => tf.add(sum, part)) as tf.Tensor1D;
}

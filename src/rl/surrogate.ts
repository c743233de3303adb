/**
 * The clipped surrogate objective (Schulman et al. 2017), in graph code: what PPO, GRPO and RLOO share. An action is a token of a
 * text, or a whole text. Sums are divided by a count of the whole minibatch, which is given, so losses, gradients and all metrics
 * but the largest ratio error of micro-batches add up to those of the minibatch.
 */
import { tf } from '../tensor/index.ts';

/** What every loss takes. Token arrays of one shape, any shape; numbers at padding must be finite, and have no effect. */
export interface PolicyInputs {
  /** Differentiated: the policy being trained. */
  readonly logProb: tf.Tensor;
  /** Of the trained policy's next-token distributions; shown, not optimised. */
  readonly entropy: tf.Tensor;
  /** By the policy that the rollout began with. */
  readonly oldLogProb: tf.Tensor;
  readonly mask: tf.Tensor;
  /** Tokens of the whole minibatch, over all its micro-batches. */
  readonly tokens: tf.Scalar;
  readonly clip: tf.Scalar;
}

/** What every loss gives; `approx_kl` is ½ Σ (log r)² / count, `ratio_error` the largest |r − 1|. */
export type LossParts<N> = Readonly<
  Record<'loss' | 'policy_loss' | 'entropy' | 'approx_kl' | 'clip_fraction' | 'ratio' | 'ratio_error', N>
>;

/** Arrays of one shape. */
export interface Actions {
  /** log of the new probability over the old one; 0 at padding. */
  readonly logRatio: tf.Tensor;
  readonly advantage: tf.Tensor;
  /** Truncated importance weight of the old policy over the sampler; no gradient. */
  readonly weight: tf.Tensor;
  readonly mask: tf.Tensor;
  /** Actions of the whole minibatch. */
  readonly count: tf.Scalar;
  readonly clip: tf.Scalar;
}

/** policy_loss = −Σ w min(r A, clip(r, 1 ± clip) A) / count. */
export function surrogate({ logRatio, advantage, weight, mask, count, clip }: Actions) {
  const mean = (x: tf.Tensor) => maskedMean(x, mask, count);
  const ratio = tf.exp(logRatio);
  const plain = tf.mul(ratio, advantage);
  const clipped = tf.mul(between(ratio, tf.sub(1, clip), tf.add(1, clip)), advantage);
  const gain = tf.minimum(plain, clipped);
  return {
    policy_loss: tf.neg(mean(tf.mul(gain, weight))) as tf.Scalar,
    approx_kl: tf.mul(0.5, mean(tf.square(logRatio))) as tf.Scalar,
    clip_fraction: mean(tf.cast(tf.less(clipped, plain), 'float32')),
    ratio: mean(ratio),
    ratio_error: tf.max(tf.abs(tf.sub(ratio, 1))) as tf.Scalar,
  };
}

/** log of new over old probability per token, 0 at padding. */
export function logRatioOf({ logProb, oldLogProb, mask }: PolicyInputs): tf.Tensor {
  return tf.mul(tf.sub(logProb, oldLogProb), mask);
}

/** Σ x under the mask / count. */
export function maskedMean(x: tf.Tensor, mask: tf.Tensor, count: tf.Scalar): tf.Scalar {
  return tf.div(tf.sum(tf.mul(x, mask)), count) as tf.Scalar;
}

/** min(max(x, low), high), with bounds that are tensors: a compiled function would bake numbers in. */
export function between(x: tf.Tensor, low: tf.Tensor, high: tf.Tensor): tf.Tensor {
  return tf.minimum(tf.maximum(x, low), high);
}

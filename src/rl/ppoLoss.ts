/**
 * The PPO objective (Schulman et al. 2017) over response tokens, in graph code: clipped policy loss and clipped value loss.
 * A pure function of tensors. Everything is divided by the token count of the whole minibatch, which is given, so losses,
 * gradients and all metrics but the largest ratio error of micro-batches add up to those of the minibatch.
 */
import { tf } from '../tensor/index.ts';

/** Token arrays of one shape, any shape. Numbers at padding must be finite, and have no effect. */
export interface PpoInputs {
  /** Differentiated: the policy being trained. */
  readonly logProb: tf.Tensor;
  readonly value: tf.Tensor;
  /** Of the trained policy's next-token distributions; shown, not optimised. */
  readonly entropy: tf.Tensor;
  /** By the policy and value head that the rollout began with. */
  readonly oldLogProb: tf.Tensor;
  readonly oldValue: tf.Tensor;
  readonly advantage: tf.Tensor;
  readonly return: tf.Tensor;
  readonly mask: tf.Tensor;
  /** Truncated importance weight of the old policy over the sampler; no gradient. */
  readonly weight: tf.Tensor;
  /** Tokens of the whole minibatch, over all its micro-batches. */
  readonly tokens: tf.Scalar;
  readonly clip: tf.Scalar;
  readonly valueClip: tf.Scalar;
  readonly valueCoefficient: tf.Scalar;
}

export const PPO_PARTS = [
  'loss',
  'policy_loss',
  'value_loss',
  'entropy',
  'approx_kl',
  'clip_fraction',
  'value_clip_fraction',
  'ratio',
  'ratio_error',
] as const;

export type PpoParts<N> = Readonly<Record<(typeof PPO_PARTS)[number], N>>;

/**
 * loss = policy_loss + valueCoefficient · value_loss, where policy_loss = −Σ w min(r A, clip(r, 1 ± clip) A) / tokens and
 * value_loss = ½ Σ max((v − R)², (v_old + clip(v − v_old, ± valueClip) − R)²) / tokens. `approx_kl` is ½ Σ (log r)² / tokens;
 * `ratio_error` the largest |r − 1|.
 */
export function ppoLoss(inputs: PpoInputs): { loss: tf.Scalar; metrics: PpoParts<tf.Scalar> } {
  const { mask, advantage, clip, valueClip, oldValue, value } = inputs;
  const mean = (x: tf.Tensor) => tf.div(tf.sum(tf.mul(x, mask)), inputs.tokens) as tf.Scalar;
  const share = (condition: tf.Tensor) => mean(tf.cast(condition, 'float32'));

  const logRatio = tf.mul(tf.sub(inputs.logProb, inputs.oldLogProb), mask);
  const ratio = tf.exp(logRatio);
  const plain = tf.mul(ratio, advantage);
  const clipped = tf.mul(between(ratio, tf.sub(1, clip), tf.add(1, clip)), advantage);
  const gain = tf.minimum(plain, clipped);
  const policyLoss = tf.neg(mean(tf.mul(gain, inputs.weight))) as tf.Scalar;

  const near = tf.add(oldValue, between(tf.sub(value, oldValue), tf.neg(valueClip), valueClip));
  const error = tf.square(tf.sub(value, inputs.return));
  const nearError = tf.square(tf.sub(near, inputs.return));
  const valueLoss = tf.mul(0.5, mean(tf.maximum(error, nearError))) as tf.Scalar;
  const loss = tf.add(policyLoss, tf.mul(inputs.valueCoefficient, valueLoss)) as tf.Scalar;

  return {
    loss,
    metrics: {
      loss,
      policy_loss: policyLoss,
      value_loss: valueLoss,
      entropy: mean(inputs.entropy),
      approx_kl: tf.mul(0.5, mean(tf.square(logRatio))) as tf.Scalar,
      clip_fraction: share(tf.less(clipped, plain)),
      value_clip_fraction: share(tf.greater(nearError, error)),
      ratio: mean(ratio),
      ratio_error: tf.max(tf.abs(tf.sub(ratio, 1))) as tf.Scalar,
    },
  };
}

/** min(max(x, low), high), with bounds that are tensors: a compiled function would bake numbers in. */
function between(x: tf.Tensor, low: tf.Tensor, high: tf.Tensor): tf.Tensor {
  return tf.minimum(tf.maximum(x, low), high);
}

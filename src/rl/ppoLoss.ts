/** PPO's loss (Schulman et al. 2017) over response tokens, in graph code: the clipped surrogate and a clipped value loss. */
import { tf } from '../tensor/index.ts';
import { between, type LossParts, logRatioOf, maskedMean, type PolicyInputs, surrogate } from './surrogate.ts';

/** Token arrays, all of one shape. */
export interface PpoInputs extends PolicyInputs {
  /** Differentiated: the value head being trained. */
  readonly value: tf.Tensor;
  /** By the value head that the rollout began with. */
  readonly oldValue: tf.Tensor;
  readonly advantage: tf.Tensor;
  readonly return: tf.Tensor;
  readonly weight: tf.Tensor;
  readonly valueClip: tf.Scalar;
  readonly valueCoefficient: tf.Scalar;
}

type PpoParts<N> = LossParts<N> & Readonly<Record<'value_loss' | 'value_clip_fraction', N>>;

/**
 * loss = policy_loss + valueCoefficient · value_loss, where an action of the surrogate is a token and
 * value_loss = ½ Σ max((v − R)², (v_old + clip(v − v_old, ± valueClip) − R)²) / tokens.
 */
export function ppoLoss(inputs: PpoInputs): { loss: tf.Scalar; metrics: PpoParts<tf.Scalar> } {
  const { mask, tokens, valueClip, oldValue, value } = inputs;
  const mean = (x: tf.Tensor) => maskedMean(x, mask, tokens);
  const policy = surrogate({ ...inputs, logRatio: logRatioOf(inputs), count: tokens });

  const near = tf.add(oldValue, between(tf.sub(value, oldValue), tf.neg(valueClip), valueClip));
  const error = tf.square(tf.sub(value, inputs.return));
  const nearError = tf.square(tf.sub(near, inputs.return));
  const valueLoss = tf.mul(0.5, mean(tf.maximum(error, nearError))) as tf.Scalar;
  const loss = tf.add(policy.policy_loss, tf.mul(inputs.valueCoefficient, valueLoss)) as tf.Scalar;

  return {
    loss,
    metrics: {
      ...policy,
      loss,
      value_loss: valueLoss,
      entropy: mean(inputs.entropy),
      value_clip_fraction: mean(tf.cast(tf.greater(nearError, error), 'float32')),
    },
  };
}

/**
 * GRPO's loss (arXiv 2402.03300) over response tokens, in graph code: the clipped surrogate and, beside it, the KL to the reference.
 * The paper averages over each text's tokens first, which favours short texts that are good and long ones that are bad; here every
 * token of the minibatch counts alike (arXiv 2503.14476, and TRL's default), as in PPO.
 */
import { tf } from '../tensor/index.ts';
import { type LossParts, logRatioOf, maskedMean, type PolicyInputs, surrogate } from './surrogate.ts';

/** Token arrays, all of one shape. */
export interface GrpoInputs extends PolicyInputs {
  readonly referenceLogProb: tf.Tensor;
  readonly advantage: tf.Tensor;
  readonly weight: tf.Tensor;
  readonly klCoefficient: tf.Scalar;
}

type GrpoParts<N> = LossParts<N> & Readonly<Record<'kl_loss', N>>;

/**
 * loss = policy_loss + klCoefficient · kl_loss, where an action of the surrogate is a token and kl_loss is the mean over tokens of
 * the k3 estimate (kl.ts) of the trained policy. Its gradient flows; that of a KL in the reward would not.
 */
export function grpoLoss(inputs: GrpoInputs): { loss: tf.Scalar; metrics: GrpoParts<tf.Scalar> } {
  const { mask, tokens, logProb, referenceLogProb } = inputs;
  const mean = (x: tf.Tensor) => maskedMean(x, mask, tokens);
  const policy = surrogate({ ...inputs, logRatio: logRatioOf(inputs), count: tokens });
  const toReference = tf.mul(tf.sub(referenceLogProb, logProb), mask);
  const klLoss = mean(tf.sub(tf.expm1(toReference), toReference));
  const loss = tf.add(policy.policy_loss, tf.mul(inputs.klCoefficient, klLoss)) as tf.Scalar;
  return { loss, metrics: { ...policy, loss, kl_loss: klLoss, entropy: mean(inputs.entropy) } };
}

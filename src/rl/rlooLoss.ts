/**
 * RLOO's loss (arXiv 2402.14740), in graph code. An action is a whole text: its probability is the product of its tokens', and the
 * surrogate takes and clips the ratio of these, as TRL's RLOOTrainer does for more than one step per rollout. On the rollout's own
 * policy its gradient is that of REINFORCE.
 */
import { tf } from '../tensor/index.ts';
import { type LossParts, logRatioOf, maskedMean, type PolicyInputs, surrogate } from './surrogate.ts';

/** Token arrays are [m]. */
export interface RlooInputs extends PolicyInputs {
  /** [m]: row of the text that a token belongs to; any row at padding. */
  readonly text: tf.Tensor1D;
  /** [B] */
  readonly advantage: tf.Tensor;
  /** [B]; of whole texts. */
  readonly weight: tf.Tensor;
  /** Texts of the whole minibatch. */
  readonly texts: tf.Scalar;
}

/** loss = policy_loss, where an action of the surrogate is a text; `entropy` is per token. */
export function rlooLoss(inputs: RlooInputs): { loss: tf.Scalar; metrics: LossParts<tf.Scalar> } {
  const { mask, tokens, advantage, texts: count } = inputs;
  const logRatio = tf.unsortedSegmentSum(logRatioOf(inputs), tf.cast(inputs.text, 'int32'), advantage.size);
  const policy = surrogate({ ...inputs, logRatio, mask: tf.onesLike(advantage), count });
  const loss = policy.policy_loss;
  return { loss, metrics: { ...policy, loss, entropy: maskedMean(inputs.entropy, mask, tokens) } };
}

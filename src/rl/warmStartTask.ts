/**
 * Worker task: the warm start's gradient on one micro-batch, the cross-entropy of writing a text from its own readout.
 * The loss is divided by the whole batch's token count, so that micro-batch gradients sum.
 */
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { PromptRows } from '../../policies/promptRows.ts';
import type { TextRows } from '../../policies/textRows.ts';
import type { MicroGradient } from '../lm/learner.ts';
import { f32, tf } from '../tensor/index.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { textGradient } from './textGradient.ts';

/** Texts with their end token. */
export interface WarmStartInput extends PromptRows, TextRows {
  readonly params: SharedFloats;
  readonly policy: PolicySpec;
  /** Tokens of the whole batch. */
  readonly tokens: number;
}

const gradient = textGradient<{ readonly tokens: tf.Scalar }>(
  'warm_start.gradient',
  ({ logProb, mask }, { tokens }) => {
    const loss = tf.neg(tf.div(tf.sum(tf.mul(logProb, mask)), tokens)) as tf.Scalar;
    return { loss, metrics: { 'warm_start/loss': loss } };
  },
);

export function warmStartGradient({ params, policy, tokens, ...rows }: WarmStartInput): Promise<MicroGradient> {
  return gradient({ params, policy, rows, temperature: 1 }, () => ({ tokens: f32([tokens], []) }));
}
export const warmStartTask = task<WarmStartInput, MicroGradient>(import.meta.url, warmStartGradient);

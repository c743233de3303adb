/**
 * Worker task: the warm start's gradient on one micro-batch, the cross-entropy of writing a text from its own readout.
 * The loss is divided by the whole batch's token count, so that micro-batch gradients sum.
 */
import {
  type PolicySpec,
  type PromptInputs,
  policyLayout,
  scoreTexts,
  type TextInputs,
} from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { packTexts, type TextRows } from '../../policies/textRows.ts';
import { gradientParts, hostViews, valueAndGradient } from '../lm/parameters.ts';
import { compile, f32, tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';

/** Texts with their end token. */
export interface WarmStartInput extends PromptRows, TextRows {
  readonly params: SharedFloats;
  readonly policy: PolicySpec;
  /** Tokens of the whole batch. */
  readonly tokens: number;
}

interface Inputs {
  readonly params: Record<string, tf.Tensor>;
  readonly prompt: PromptInputs;
  readonly texts: TextInputs;
  readonly mask: tf.Tensor1D;
  readonly tokens: tf.Scalar;
}

function build(spec: PolicySpec) {
  return compile('warm_start.gradient', ({ params, prompt, texts, mask, tokens }: Inputs) =>
    valueAndGradient(params, named => {
      const { logProb } = scoreTexts(spec, named, prompt, texts, 1);
      return { loss: tf.neg(tf.div(tf.sum(tf.mul(logProb, mask)), tokens)) as tf.Scalar, metrics: {} };
    }),
  );
}

const graphs = new Map<string, ReturnType<typeof build>>();

export async function warmStartGradient(input: WarmStartInput) {
  const { params, policy, tokens } = input;
  const key = JSON.stringify(policy);
  const graph = graphs.get(key) ?? build(policy);
  graphs.set(key, graph);
  const prompt = promptInputs(policy, input);
  const { inputs, mask } = packTexts(prompt, input);
  const map = policyLayout(policy);
  const out = await graph({
    params: hostViews(map, localCopy(params)),
    prompt,
    texts: inputs,
    mask,
    tokens: f32([tokens], []),
  });
  const gradient = gradientParts(map, out.gradient);
  return moving({ gradient, metrics: { 'warm_start/loss': out.loss.data[0] ?? Number.NaN } }, gradient);
}
export const warmStartTask = task<WarmStartInput, Awaited<ReturnType<typeof warmStartGradient>>>(
  import.meta.url,
  warmStartGradient,
);

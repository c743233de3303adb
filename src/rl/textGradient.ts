/**
 * What both trainings of a policy share: the gradient of a loss over the tokens of texts, given their log-probabilities, entropies
 * and values under the policy.
 */
import { type PolicySpec, policyLayout, type ScoreInputs, scoreTexts } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { type PackedTexts, packTexts, type TextRows } from '../../policies/textRows.ts';
import type { MicroGradient } from '../lm/learner.ts';
import { microGradient } from '../lm/microGradient.ts';
import { f32, type Host, type tf } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import type { SharedFloats } from '../tensor/shared.ts';

export interface TextBatch {
  readonly params: SharedFloats;
  readonly policy: PolicySpec;
  readonly rows: PromptRows & TextRows;
  readonly temperature: number;
}

/** All [m]; `mask` is 1 for each token of a text and 0 for the filling. */
export type ScoredTexts = ReturnType<typeof scoreTexts> & { readonly mask: tf.Tensor1D };

type Loss = { loss: tf.Scalar; metrics: Record<string, tf.Scalar> };
type Inputs<X> = Omit<ScoreInputs, 'params'> & { readonly mask: tf.Tensor1D; readonly more: X };

/** `loss` gets the scored texts and what the batch brings beside them, which `more` makes with the texts' packing. */
export function textGradient<X>(
  name: string,
  loss: (texts: ScoredTexts, more: X) => Loss,
): (batch: TextBatch, more: (pack: PackedTexts['pack']) => Host<X>) => Promise<MicroGradient> {
  const gradientOf = oncePer((policy: PolicySpec) =>
    microGradient<Inputs<X>>(name, policyLayout(policy), (params, { mask, more, ...inputs }) =>
      loss({ ...scoreTexts(policy, { params, ...inputs }), mask }, more),
    ),
  );
  return ({ params, policy, rows, temperature }, more) => {
    const prompt = promptInputs(policy, rows);
    const { inputs: texts, mask, pack } = packTexts(prompt, rows);
    const inputs = { prompt, texts, temperature: f32([temperature], []), mask, more: more(pack) };
    return gradientOf(policy)(params, inputs as Host<Inputs<X>>);
  };
}

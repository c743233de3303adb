/**
 * The policy going on from given words: behind its prompt stands the beginning of a text, and what it writes continues that up to
 * the end of a step. Its own end token, which says where a whole text stops, is not written.
 */
import { createBeamSearch } from '../src/lm/beam.ts';
import { embed, positionsOf } from '../src/lm/transformer.ts';
import { tf } from '../src/tensor/index.ts';
import { type PolicySpec, type PromptInputs, policyWeights, promptOf } from './languageModel.ts';

/** The prompt of each text, and the tokens that it begins with, right-padded [B,T]. */
export interface ContinuationInputs {
  readonly prompt: PromptInputs;
  readonly beginning: { readonly ids: tf.Tensor2D; readonly mask: tf.Tensor2D };
}

/** Searches for what comes up to one of the tokens `stepEnds`, or for single tokens, with the parameters that each call is given. */
export function createStepSearch(spec: PolicySpec, stepEnds?: readonly number[]) {
  return createBeamSearch({
    name: 'policy.steps',
    spec: spec.model,
    weights: params => policyWeights(spec, params!),
    prompt: (weights, { prompt, beginning }: ContinuationInputs) => {
      const shown = promptOf(spec, weights, prompt);
      const mask = tf.concat([shown.mask, beginning.mask], 1) as tf.Tensor2D;
      const embeddings = tf.concat([shown.embeddings, embed(weights, beginning.ids)], 1);
      return { embeddings, mask, positions: positionsOf(mask) };
    },
    banned: [...spec.banned, spec.eosId],
    stop: stepEnds ?? Array.from({ length: spec.model.vocabSize }, (_, id) => id),
    hot: true,
  });
}

/** Worker task: how likely given texts are under a policy, for perplexities and for what may be said at all. */
import type { PolicySpec } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { textScorer } from './textScorer.ts';

export interface LikelihoodRequest extends PromptRows {
  readonly policy: PolicySpec;
  readonly params: SharedFloats;
  /** Token ids, the end token where it counts; each at most `width`. */
  readonly texts: readonly (readonly number[])[];
  readonly width: number;
}

/** Log-probabilities of a text's tokens, in nats. A sum lets one impossible word hide among many easy ones. */
export interface Likelihood {
  readonly sum: number;
  /** Of the least likely token; 0 of the empty text. */
  readonly least: number;
}

/** One per text. */
export async function likelihood(request: LikelihoodRequest): Promise<Likelihood[]> {
  const { policy, params, texts, width } = request;
  const ids = new Int32Array(texts.length * width).fill(policy.padId);
  for (const [row, tokens] of texts.entries()) ids.set(tokens, row * width);
  const lengths = texts.map(tokens => tokens.length);
  const prompt = promptInputs(policy, request);
  const { logProbs } = await textScorer({ policy, prompt, texts: { ids, lengths, width }, temperature: 1 })(params);
  return lengths.map((length, row) => {
    const own = logProbs.subarray(row * width, row * width + length);
    return { sum: own.reduce((sum, x) => sum + x, 0), least: own.reduce((least, x) => Math.min(least, x), 0) };
  });
}
export const likelihoodTask = task<LikelihoodRequest, Likelihood[]>(import.meta.url, likelihood);

/** Worker task: log-likelihood of given texts under a policy, for perplexities. */
import type { PolicySpec } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { textScorer } from './textScorer.ts';

export interface LikelihoodRequest extends PromptRows {
  readonly policy: PolicySpec;
  readonly params: SharedFloats;
  /** Token ids without end token; each at most `width - 1`. */
  readonly texts: readonly (readonly number[])[];
  readonly width: number;
}

/** Sum of log-probabilities per text [n], end token included. */
export async function likelihood(request: LikelihoodRequest): Promise<Float32Array> {
  const { policy, params, texts, width } = request;
  const written = texts.map(text => [...text, policy.eosId].slice(0, width));
  const ids = new Int32Array(texts.length * width).fill(policy.padId);
  for (const [row, tokens] of written.entries()) ids.set(tokens, row * width);
  const lengths = written.map(tokens => tokens.length);
  const prompt = promptInputs(policy, request);
  const { logProbs } = await textScorer({ policy, prompt, texts: { ids, lengths, width }, temperature: 1 })(params);
  return Float32Array.from(texts, (_, row) =>
    logProbs.subarray(row * width, (row + 1) * width).reduce((sum, x) => sum + x, 0),
  );
}
export const likelihoodTask = task<LikelihoodRequest, Float32Array>(import.meta.url, likelihood);

/** Worker task: log-likelihood of given texts under a policy, for perplexities. */
import {
  type PolicySpec,
  type PromptInputs,
  policyLayout,
  scoreTexts,
  type TextInputs,
} from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { packTexts } from '../../policies/textRows.ts';
import { hostViews } from '../lm/parameters.ts';
import { compile, type tf } from '../tensor/index.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';

export interface LikelihoodRequest extends PromptRows {
  readonly policy: PolicySpec;
  readonly params: SharedFloats;
  /** Token ids without end token; each at most `width - 1`. */
  readonly texts: readonly (readonly number[])[];
  readonly width: number;
}

function build(spec: PolicySpec) {
  return compile(
    'policy.likelihood',
    (x: { params: Record<string, tf.Tensor>; prompt: PromptInputs; texts: TextInputs }) => ({
      logProb: scoreTexts(spec, x.params, x.prompt, x.texts, 1).logProb,
    }),
  );
}

const graphs = new Map<string, ReturnType<typeof build>>();

/** Sum of log-probabilities per text [n], end token included. */
export async function likelihood(request: LikelihoodRequest): Promise<Float32Array> {
  const { policy, params, texts, width } = request;
  const key = JSON.stringify(policy);
  const graph = graphs.get(key) ?? build(policy);
  graphs.set(key, graph);
  const written = texts.map(text => [...text, policy.eosId].slice(0, width));
  const ids = new Int32Array(texts.length * width).fill(policy.padId);
  for (const [row, tokens] of written.entries()) ids.set(tokens, row * width);
  const prompt = promptInputs(policy, request);
  const packed = packTexts(prompt, { ids, lengths: written.map(tokens => tokens.length), width });
  const views = hostViews(policyLayout(policy), localCopy(params));
  const out = await graph({ params: views, prompt, texts: packed.inputs });
  const logProbs = packed.unpack(out.logProb.data);
  return Float32Array.from(texts, (_, row) =>
    logProbs.subarray(row * width, (row + 1) * width).reduce((sum, x) => sum + x, 0),
  );
}
export const likelihoodTask = task<LikelihoodRequest, Float32Array>(import.meta.url, likelihood);

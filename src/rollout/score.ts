/** Worker task: log-likelihood of given texts under a policy, for perplexities. */
import { type PolicySpec, type PromptInputs, policyLayout, scoreTexts } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { views } from '../lm/parameters.ts';
import { compile, f32, i32, type tf } from '../tensor/index.ts';
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
  const map = policyLayout(spec);
  return compile(
    'policy.likelihood',
    (x: { params: tf.Tensor1D; prompt: PromptInputs; ids: tf.Tensor2D; mask: tf.Tensor2D }) => {
      const { logProb } = scoreTexts(spec, views(map, x.params), x.prompt, { ids: x.ids, mask: x.mask }, 1);
      return { sums: logProb.reshape(x.mask.shape).mul(x.mask).sum(1) };
    },
  );
}

const graphs = new Map<string, ReturnType<typeof build>>();

/** Sum of log-probabilities per text [n], end token included. */
export async function likelihood(request: LikelihoodRequest): Promise<Float32Array> {
  const { policy, params, texts, width } = request;
  const key = JSON.stringify(policy);
  const graph = graphs.get(key) ?? build(policy);
  graphs.set(key, graph);
  const n = texts.length;
  const ids = new Int32Array(n * width).fill(policy.padId);
  const mask = new Float32Array(n * width);
  texts.forEach((text, row) => {
    const tokens = [...text, policy.eosId].slice(0, width);
    ids.set(tokens, row * width);
    mask.fill(1, row * width, row * width + tokens.length);
  });
  const flat = localCopy(params);
  const out = await graph({
    params: f32(flat, [flat.length]),
    prompt: promptInputs(policy, request),
    ids: i32(ids, [n, width]),
    mask: f32(mask, [n, width]),
  });
  return out.sums.data as Float32Array;
}
export const likelihoodTask = task<LikelihoodRequest, Float32Array>(import.meta.url, likelihood);

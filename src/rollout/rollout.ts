/**
 * Worker task: roll out. The policy writes texts for a chunk of targets, the environment scores them, and one pass each of
 * policy and reference gives log-probabilities, entropies and values with the trainer's own kernels.
 *
 * A chunk is a fixed number of rows (set by the config), its randomness comes with it: a rollout never depends on which
 * worker made it or what else ran there.
 */

import type { Score } from '../../envs/environment.ts';
import { createEnvironment, type EnvironmentSettings } from '../../envs/index.ts';
import { createPolicyDecoder, type PolicySpec, policyLayout } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { hostViews } from '../lm/parameters.ts';
import { loadTokenizer } from '../lm/tokenizer.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { textScorer } from './textScorer.ts';

/** `z` and `questions`: one row per problem. */
export interface RolloutRequest extends PromptRows {
  readonly policy: PolicySpec;
  /** Folder of the policy's tokenizer. */
  readonly tokenizer: string;
  readonly params: SharedFloats;
  /** What KL is measured against; absent where only texts and scores are wanted. */
  readonly reference?: SharedFloats;
  /** Absent where only texts are wanted. */
  readonly environment?: EnvironmentSettings;
  /** One per problem, of the environment's kind. */
  readonly targets: readonly unknown[];
  /** Texts per problem; rows are grouped by problem. */
  readonly samples: number;
  /** [P·samples·maxNewTokens] in [0,1); absent = greedy. */
  readonly uniforms?: Float32Array;
  readonly temperature: number;
  readonly maxNewTokens: number;
}

/** Rows B = P·samples, T = maxNewTokens; arrays [B,T] row-major, meaningful up to each row's length. */
export interface RolloutBatch {
  readonly tokens: Int32Array;
  /** Stop token included where the text ended. */
  readonly lengths: Int32Array;
  readonly ended: Uint8Array;
  readonly texts: readonly string[];
  /** By the sampler; `logProbs` are recomputed by the trainer's kernels. */
  readonly samplerLogProbs: Float32Array;
  readonly logProbs: Float32Array;
  readonly referenceLogProbs: Float32Array;
  readonly entropies: Float32Array;
  readonly values: Float32Array;
  readonly scores: readonly Score[];
}

const tokenizerOf = oncePer(loadTokenizer);
const decoderOf = oncePer(createPolicyDecoder);
const environmentOf = oncePer(createEnvironment);

export async function rollOut(request: RolloutRequest): Promise<RolloutBatch> {
  const { policy, samples, maxNewTokens: width } = request;
  const tokenizer = await tokenizerOf(request.tokenizer);
  const rows = request.targets.length * samples;
  const prompt = promptInputs(policy, request);
  const written = await decoderOf(policy).generate({
    params: hostViews(policyLayout(policy), localCopy(request.params)),
    inputs: prompt,
    ...(request.uniforms && { uniforms: request.uniforms }),
    temperature: request.temperature,
    maxNewTokens: width,
  });
  const { tokens, lengths, stopped } = written;
  const texts = Array.from({ length: rows }, (_, b) =>
    tokenizer.decode([...tokens.subarray(b * width, b * width + lengths[b]! - stopped[b]!)]),
  );
  const environment = request.environment && (await environmentOf(request.environment));
  const scores = await environment?.score(
    texts.map((text, b) => ({
      target: request.targets[Math.floor(b / samples)],
      tokens: [...tokens.subarray(b * width, b * width + lengths[b]! - stopped[b]!)],
      text,
      ended: stopped[b] === 1,
    })),
  );
  const batch = { tokens, lengths, ended: stopped, texts, samplerLogProbs: written.logprobs, scores: scores ?? [] };
  if (!request.reference) return { ...batch, ...nothing() };

  const rowsOf = { ids: tokens, lengths, width };
  const score = textScorer({ policy, prompt, texts: rowsOf, temperature: request.temperature });
  const own = await score(request.params);
  const reference = await score(request.reference);
  return {
    ...batch,
    ...own,
    referenceLogProbs: reference.logProbs,
  };
}
export const rolloutTask = task<RolloutRequest, RolloutBatch>(import.meta.url, rollOut);

function nothing() {
  const empty = new Float32Array(0);
  return { logProbs: empty, entropies: empty, values: empty, referenceLogProbs: empty };
}

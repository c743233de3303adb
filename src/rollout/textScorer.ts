/** Scores of given texts under a policy, by the trainer's own kernels. */
import {
  type PolicySpec,
  type PromptInputs,
  policyLayout,
  type ScoreInputs,
  scoreTexts,
} from '../../policies/languageModel.ts';
import { packTexts, type TextRows } from '../../policies/textRows.ts';
import { hostViews } from '../lm/parameters.ts';
import { compile, f32, type Host } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';

export interface Scoring {
  readonly policy: PolicySpec;
  readonly prompt: Host<PromptInputs>;
  readonly texts: TextRows;
  readonly temperature: number;
}

/** All [B·T], 0 after the texts' ends. */
export interface TextScores {
  readonly logProbs: Float32Array;
  readonly entropies: Float32Array;
  readonly values: Float32Array;
}

const graphOf = oncePer((policy: PolicySpec) =>
  compile('policy.score', (inputs: ScoreInputs) => scoreTexts(policy, inputs)),
);

/** What scores the texts, given parameters. */
export function textScorer({
  policy,
  prompt,
  texts,
  temperature,
}: Scoring): (params: SharedFloats) => Promise<TextScores> {
  const map = policyLayout(policy);
  const { inputs, unpack } = packTexts(prompt, texts);
  const given = { prompt, texts: inputs, temperature: f32([temperature], []) };
  return async params => {
    const out = await graphOf(policy)({ params: hostViews(map, localCopy(params)), ...given });
    return {
      logProbs: unpack(out.logProb.data),
      entropies: unpack(out.entropy.data),
      values: unpack(out.value.data),
    };
  };
}

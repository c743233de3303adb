/** Worker task: the likeliest next steps, or next tokens, that a policy writes behind given beginnings of texts. */
import { createStepSearch } from '../../policies/continuation.ts';
import { type PolicySpec, policyLayout } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import type { Continuation } from '../lm/beam.ts';
import { hostViews } from '../lm/parameters.ts';
import { padTokens } from '../lrm/batches.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';

/** One row per text. */
export interface StepsRequest extends PromptRows {
  readonly policy: PolicySpec;
  readonly params: SharedFloats;
  /** Token ids that each text begins with. */
  readonly beginnings: readonly (readonly number[])[];
  /** The tokens that close a step; absent = a step is one token. */
  readonly stepEnds?: readonly number[];
  /** Most steps per text. */
  readonly width: number;
  /** Least log-probability of a token, in nats. */
  readonly floor: number;
  readonly maxNewTokens: number;
}

const searchOf = oncePer(({ policy, stepEnds }: { policy: PolicySpec; stepEnds: readonly number[] | undefined }) =>
  createStepSearch(policy, stepEnds),
);

/** Per text its next steps, likeliest first, each with its closing token. */
export function proposeSteps(request: StepsRequest): Promise<Continuation[][]> {
  const { policy, stepEnds, beginnings, width, floor, maxNewTokens } = request;
  return searchOf({ policy, stepEnds }).search({
    params: hostViews(policyLayout(policy), localCopy(request.params)),
    inputs: { prompt: promptInputs(policy, request), beginning: padTokens(beginnings, policy.padId, 'right') },
    width,
    floor,
    maxNewTokens,
  });
}
export const stepsTask = task<StepsRequest, Continuation[][]>(import.meta.url, proposeSteps);

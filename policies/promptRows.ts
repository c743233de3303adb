/** The host side of a policy's prompt: what it is shown, as plain arrays, and as the inputs of its graphs. */
import { padTokens } from '../src/lrm/batches.ts';
import { RecodiError } from '../src/run/errors.ts';
import { f32, type Host } from '../src/tensor/index.ts';
import type { PolicySpec, PromptInputs } from './languageModel.ts';

export interface PromptRows {
  /** Standardised target vectors [n,targetSize]. */
  readonly z: Float32Array;
  /** Token ids of the n questions; needed only by a policy that sees them. */
  readonly questions?: readonly (readonly number[])[];
}

/** What stands in the place of a target and its question where a policy is shown neither, n times. */
export function nothingShown({ targetSize, padId }: PolicySpec, n: number): Required<PromptRows> {
  return { z: new Float32Array(n * targetSize), questions: Array.from({ length: n }, () => [padId]) };
}

/** The prompts of n rows. Throws `internal` where the policy sees questions and there are none. */
export function promptInputs({ seesQuestion, targetSize, padId }: PolicySpec, rows: PromptRows): Host<PromptInputs> {
  const z = f32(rows.z, [rows.z.length / targetSize, targetSize]);
  if (!seesQuestion) return { z };
  if (!rows.questions) throw new RecodiError('internal', 'expected questions for a policy that sees them, got none');
  return { z, question: padTokens(rows.questions, padId, 'left') };
}

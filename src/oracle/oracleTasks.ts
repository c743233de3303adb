/** Worker tasks of the oracle: the gradient of a micro-batch, and answers to questions. */
import type { MicroGradient } from '../lm/learner.ts';
import { microGradient } from '../lm/microGradient.ts';
import { hostViews } from '../lm/parameters.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { createOracleDecoder, type LossInputs, type OracleSpec, oracleLayout, oracleLoss } from './model.ts';
import { type AnsweredRow, lossInputs, type PromptRow, promptInputs } from './prompt.ts';

interface Given {
  readonly params: SharedFloats;
  readonly oracle: OracleSpec;
}

export interface GradientInput extends Given {
  readonly rows: readonly AnsweredRow[];
  /** Answer tokens of the whole batch. */
  readonly tokens: number;
}

const gradientOf = oncePer((oracle: OracleSpec) =>
  microGradient<LossInputs>('oracle.gradient', oracleLayout(oracle), (named, inputs) =>
    oracleLoss(oracle, named, inputs),
  ),
);

export function oracleGradient({ params, oracle, rows, tokens }: GradientInput): Promise<MicroGradient> {
  return gradientOf(oracle)(params, lossInputs(oracle, rows, tokens));
}
export const gradientTask = task<GradientInput, MicroGradient>(import.meta.url, oracleGradient);

export interface AnswerInput extends Given {
  readonly rows: readonly PromptRow[];
  readonly maxNewTokens: number;
}

const decoderOf = oncePer(createOracleDecoder);

/** Token ids of greedy answers, without their end. */
export async function oracleAnswers({ params, oracle, rows, maxNewTokens }: AnswerInput): Promise<number[][]> {
  const { tokens, lengths, stopped } = await decoderOf(oracle).generate({
    params: hostViews(oracleLayout(oracle), localCopy(params)),
    inputs: promptInputs(oracle, rows),
    maxNewTokens,
  });
  return rows.map((_, b) => {
    const from = b * maxNewTokens;
    return [...tokens.subarray(from, from + lengths[b]! - stopped[b]!)];
  });
}
export const answersTask = task<AnswerInput, number[][]>(import.meta.url, oracleAnswers);

/** A text that a person writes for a thought, scored as a reading of it is, against the floors that the reading was held against. */
import type { View } from '../lrm/views.ts';
import { type Bench, vectorsOf } from './bench.ts';
import { type Asked, reservedOf } from './invert.ts';
import { COMPLETION } from './measure.ts';
import { readTyped } from './question.ts';
import { readableEvidence } from './readings.ts';
import { type ScoredText, scoreTexts } from './scoredText.ts';
import { judgeReadable, type Verdict } from './verdicts.ts';

export interface OwnText extends ScoredText {
  readonly readable: Verdict;
}

export interface OwnTextRequest extends Asked {
  readonly view: View;
  /** As it was typed. */
  readonly text: string;
  /** Other problems' targets in this view, [m,d]. */
  readonly others: Float32Array;
  /** Texts that the reading was held against. */
  readonly swapped: string;
  readonly questionEnd: string;
}

/** Signs that frame a question and a text. */
const SIGNS = 3;

/** @throws RecodiError('usage') for a text that the model has no words or no room for. */
export async function scoreOwnText(
  bench: Bench,
  { question, thought, view, text: typed, others, swapped, questionEnd }: OwnTextRequest,
): Promise<OwnText> {
  const { spec, tokenizer } = bench.client.lrm;
  const beside = question.tokens.length + COMPLETION + spec.answerPrefix.length + SIGNS;
  const limits = { reserved: reservedOf(bench), longest: spec.model.maxPositions - beside };
  const { text } = readTyped('Your text', typed, tokenizer, limits);
  const request = {
    view,
    questions: [question.tokens],
    vectors: vectorsOf(bench, view, thought.states),
    answers: thought.answers,
    others,
  };
  const [scored] = await scoreTexts(bench, request, [text], { swapped: [swapped], question_end: [questionEnd] });
  return { ...scored!, readable: judgeReadable(readableEvidence(scored!), bench.config.eval.verdicts) };
}

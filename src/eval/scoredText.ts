/**
 * What a text is worth for one target, in every respect that a reading shows, whoever wrote it: decoding (readings.ts) or a person
 * (ownText.ts). The table averages the same quantities over problems.
 */

import { comparer, squaredDistance } from '../lrm/similarity.ts';
import type { View } from '../lrm/views.ts';
import { type Bench, lastToken, type ReadingTask } from './bench.ts';
import { complete, logLikelihoods } from './measure.ts';
import { readTexts } from './readTexts.ts';
import { readWords, type Word } from './words.ts';

/** A text that reads nothing, scored against the target. */
export interface Control {
  readonly text: string;
  readonly similarity: number;
  readonly fve: number;
}

export interface ReadingScores {
  readonly similarity: number;
  /** Similarity minus the mean similarity to other problems' targets. */
  readonly gap: number;
  /** Similarity minus that of the empty text. */
  readonly lift: number;
  /** `1 - |readout - target|² / variance`: over many problems its mean is the FVE. */
  readonly fve: number;
  /** Of the text and its end under the warm start, in nats. */
  readonly log_likelihood: number;
  /** Tokens that it is of, end included. */
  readonly tokens: number;
}

export interface ScoredText {
  readonly text: string;
  readonly words: readonly Word[];
  /** The text with the step that it leaves open finished by the model. */
  readonly completion: string;
  /** First token of what the model answers after question and completion. */
  readonly answer: string;
  /** It is the answer that the model gives with its latents. */
  readonly same: boolean;
  readonly scores: ReadingScores;
  readonly controls: Readonly<Record<'empty' | 'swapped' | 'last_token' | 'question_end', Control>>;
}

export interface ScoreRequest extends ReadingTask {
  /** First tokens of the model's own latent answers, [n]. */
  readonly answers: ArrayLike<number>;
  /** For each target the same number of other problems' targets in this view, [n,m,d]. */
  readonly others: Float32Array;
}

/** Texts of controls that had to be found, one per target. */
export type FoundControls = Readonly<Record<'swapped' | 'question_end', readonly string[]>>;

/** One text per target. */
export async function scoreTexts(
  bench: Bench,
  request: ScoreRequest,
  texts: readonly string[],
  { swapped, question_end: ends }: FoundControls,
): Promise<ScoredText[]> {
  const { view, questions, vectors, answers, others } = request;
  const { client, config } = bench;
  const { tokenizer } = client.lrm;
  const n = questions.length;
  const d = vectors.length / n;
  const last = texts.map(text => lastToken(bench, text));
  const readouts = await readTexts(
    bench,
    questions,
    texts.map((text, i) => [text, '', swapped[i]!, last[i]!, ends[i]!]),
  );
  const completions = await complete(bench, questions, texts);
  const given = await client.answers(questions.map((q, i) => [...q, ...tokenizer.encode(completions[i]!)]));
  const likelihoods = await logLikelihoods(bench, request, texts);
  const words = await readWords(bench, request, texts);
  const { compare, ...prepare } = comparer(config.reward.kind, view.frame, view.variance);
  const [read, targets, foreign] = [prepare.readouts(readouts), prepare.targets(vectors), prepare.targets(others)];
  const count = others.length / (n * d);
  return texts.map((text, i) => {
    const target = vectors.subarray(i * d, (i + 1) * d);
    const readout = (of: number) => readouts.subarray((5 * i + of) * d, (5 * i + of + 1) * d);
    const control = (of: number, what: string): Control => ({
      text: what,
      similarity: compare(read, 5 * i + of, targets, i),
      fve: explained(view, readout(of), target),
    });
    const { similarity, fve } = control(0, text);
    const controls = {
      empty: control(1, ''),
      swapped: control(2, swapped[i]!),
      last_token: control(3, last[i]!),
      question_end: control(4, ends[i]!),
    };
    const toOthers = Array.from({ length: count }, (_, j) => compare(read, 5 * i, foreign, i * count + j));
    return {
      text,
      words: words[i]!,
      completion: completions[i]!,
      answer: tokenizer.token(given[i]!),
      same: given[i] === answers[i],
      scores: {
        similarity,
        gap: similarity - mean(toOthers),
        lift: similarity - controls.empty.similarity,
        fve,
        log_likelihood: likelihoods[i]!.sum,
        tokens: likelihoods[i]!.tokens,
      },
      controls,
    };
  });
}

/** One text's FVE: [d],[d] -> `1 - |readout - target|² / variance`. */
export const explained = (view: View, readout: Float32Array, target: Float32Array) =>
  1 - squaredDistance(readout, 0, target, 0, target.length) / view.variance;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * Readings: the text found for each target with all that it is worth, one by one. Labels and `invert` are made of these; the
 * table averages the same quantities over problems.
 *
 * Controls are found as ours are: the swapped text is what the same decoding finds for another problem's latent, in the own
 * question. Verdicts hold one reading's own error against those of the controls and of the mean.
 */

import { largest, type PerIntervention } from '../lrm/interventions.ts';
import { comparer, squaredDistance } from '../lrm/similarity.ts';
import type { View } from '../lrm/views.ts';
import type { Decode } from '../rl/decodes.ts';
import { RecodiError } from '../run/errors.ts';
import { gather } from '../tensor/rows.ts';
import type { Bank } from './bank.ts';
import { type Bench, lastToken, type ReadingTask } from './bench.ts';
import { bestTexts, type Candidate } from './candidates.ts';
import type { ChainTask } from './chain.ts';
import { decode } from './decode.ts';
import { complete, logLikelihoods } from './measure.ts';
import { natsBeside, readQuestionEnds } from './questionEnd.ts';
import { readTexts } from './readTexts.ts';
import { type Bound, type Evidence, exactly, judge, type Verdicts } from './verdicts.ts';
import { readWords, type Word } from './words.ts';

/** A text scored against the target: one that reads nothing stands beside ours. */
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

/** The best text that was found for a target, with what says without gold whether it is right (calibration.ts). */
export interface ScoredText {
  readonly text: string;
  /** The text with the step that it leaves open finished by the model. */
  readonly completion: string;
  /** First token of what the model answers after question and completion. */
  readonly answer: string;
  /** It is the answer that the model gives with its latents. */
  readonly same: boolean;
  readonly scores: ReadingScores;
  readonly controls: Readonly<Record<'empty' | 'swapped', Control>>;
  /** Further texts, best first. */
  readonly alternatives: readonly Candidate[];
}

export interface Reading extends Omit<ScoredText, 'text'> {
  /** null where the latent is not verbalisable: then the scores are those of the best text that was found. */
  readonly text: string | null;
  readonly words: readonly Word[];
  readonly controls: Readonly<Record<'empty' | 'swapped' | 'last_token' | 'question_end', Control>>;
  readonly verdicts: Verdicts;
}

/** Shares of interventions that change the answer, one per step of a view. */
export type StepCausal = PerIntervention<readonly number[]>;

export interface ScoredTextsRequest extends ChainTask {
  readonly how: Decode;
  readonly bank: Bank;
  /** First tokens of the model's own latent answers, [n]. */
  readonly answers: ArrayLike<number>;
  /** For each target the same number of other problems' targets in this view, [n,m,d]; the first is decoded as the swapped latent. */
  readonly others: Float32Array;
  /** Called after each of `SCORING_PARTS` parts, of `readAll` after each of `READING_PARTS`. */
  readonly tick?: () => void;
}

export interface ReadingsRequest extends ScoredTextsRequest {
  readonly causal: readonly StepCausal[];
  /** How much more often this view's readings are right than those of the question's end, where that is known. */
  readonly right?: Bound;
}

export const SCORING_PARTS = 2;
export const READING_PARTS = 1 + SCORING_PARTS;
/** Alternatives kept. */
const ALTERNATIVES = 8;

/** The best text for each target, and what it is worth beside the empty one and another problem's. */
export async function scoreTexts(bench: Bench, request: ScoredTextsRequest): Promise<ScoredText[]> {
  const { view, questions, vectors, how, bank, answers, others, tick } = request;
  const { client, config } = bench;
  const { tokenizer } = client.lrm;
  const n = questions.length;
  const d = vectors.length / n;
  const found = await decode(bench, how, request, bank);
  tick?.();
  const swapped = bestTexts(await decode(bench, how, { ...request, vectors: firstOf(others, n, d) }, bank));
  const texts = bestTexts(found);
  const readouts = await readTexts(
    bench,
    questions,
    texts.map((text, i) => [text, '', swapped[i]!]),
  );
  const completions = await complete(bench, questions, texts);
  const given = await client.answers(questions.map((q, i) => [...q, ...tokenizer.encode(completions[i]!)]));
  const likelihoods = await logLikelihoods(bench, request, texts);
  tick?.();
  const { compare, ...prepare } = comparer(config.reward.kind, view.frame, view.variance);
  const [read, foreign] = [prepare.readouts(readouts), prepare.targets(others)];
  const score = scorer(bench, request, readouts);
  const count = others.length / (n * d);
  return texts.map((text, i) => {
    const own = score(i, 0, text);
    const controls = { empty: score(i, 1, ''), swapped: score(i, 2, swapped[i]!) };
    const toOthers = Array.from({ length: count }, (_, j) => compare(read, 3 * i, foreign, i * count + j));
    return {
      text,
      completion: completions[i]!,
      answer: tokenizer.token(given[i]!),
      same: given[i] === answers[i],
      scores: {
        similarity: own.similarity,
        gap: own.similarity - mean(toOthers),
        lift: own.similarity - controls.empty.similarity,
        fve: own.fve,
        log_likelihood: likelihoods[i]!.sum,
        tokens: likelihoods[i]!.tokens,
      },
      controls,
      alternatives: found[i]!.slice(1, 1 + ALTERNATIVES),
    };
  });
}

export async function readAll(bench: Bench, request: ReadingsRequest): Promise<Reading[]> {
  const { view, questions, bank, causal, right = null, tick } = request;
  const scored = await scoreTexts(bench, request);
  const texts = scored.map(({ text }) => text);
  const last = texts.map(text => lastToken(bench, text));
  const ends = await readQuestionEnds(bench, request, bank);
  const readouts = await readTexts(
    bench,
    questions,
    texts.map((_, i) => [last[i]!, ends[i]!]),
  );
  const words = await readWords(bench, request, texts);
  tick?.();
  const score = scorer(bench, request, readouts);
  return scored.map((reading, i) => {
    const { gap, fve } = reading.scores;
    const controls = {
      ...reading.controls,
      last_token: score(i, 0, last[i]!),
      question_end: score(i, 1, ends[i]!),
    };
    const beside = { nats: natsBeside(bench, view), right, same: reading.text === ends[i] };
    const evidence = evidenceOf(view, { gap, fve, controls, causal: causal[i]! });
    const verdicts = judge({ ...evidence, adds: beside }, bench.config.eval.verdicts);
    const said = verdicts.verbalisable.holds;
    return {
      ...reading,
      text: said ? reading.text : null,
      words: said ? words[i]! : [],
      completion: said ? reading.completion : '',
      controls,
      alternatives: said ? reading.alternatives : [],
      verdicts,
    };
  });
}

/** Scores of readouts [n,texts,d] against their targets. */
function scorer(
  { config }: Pick<Bench, 'config'>,
  { view, questions, vectors }: ReadingTask,
  readouts: Float32Array,
): (row: number, at: number, text: string) => Control {
  const n = questions.length;
  const d = vectors.length / n;
  const per = readouts.length / (n * d);
  const { compare, ...prepare } = comparer(config.reward.kind, view.frame, view.variance);
  const [read, targets] = [prepare.readouts(readouts), prepare.targets(vectors)];
  return (row, at, text) => {
    const readout = readouts.subarray((per * row + at) * d, (per * row + at + 1) * d);
    const fve = explained(view, readout, vectors.subarray(row * d, (row + 1) * d));
    return { text, similarity: compare(read, per * row + at, targets, row), fve };
  };
}

interface Scored extends Pick<Reading, 'controls'>, Pick<ReadingScores, 'gap' | 'fve'> {
  readonly causal: StepCausal;
}

/** Of one reading: there are no intervals. */
function evidenceOf(view: View, { gap, fve, controls, causal }: Scored): Omit<Evidence, 'adds'> {
  const lead = ({ fve: floor }: Control) => exactly(fve - floor);
  const chains = Number.isFinite(view.fve) ? view.fve : null;
  return {
    gap: exactly(gap),
    fve,
    leads: {
      empty: lead(controls.empty),
      swapped: lead(controls.swapped),
      'the last token': lead(controls.last_token),
      'the mean': exactly(fve),
    },
    known: { 'this one': fve, ...(view.space === 'raw' && { 'the own chains': chains }) },
    swap: { input: exactly(largest(causal.input.swap)), readout: exactly(largest(causal.readout.swap)) },
  };
}

/** For each question `count` rows of `donors`, from behind its own place on and never of the same question. */
export function donorRows(questions: readonly string[], donors: readonly string[], count: number): number[][] {
  return questions.map((question, i) => {
    const order = donors.map((_, j) => (i + 1 + j) % donors.length);
    const rows = order.filter(row => donors[row] !== question);
    if (rows.length === 0)
      throw new RecodiError(
        'input',
        'no other problem to compare with: the run has no validation problem but this one; train with more (targets.problems.validation).',
      );
    return Array.from({ length: count }, (_, j) => rows[j % rows.length]!);
  });
}

/** [n,m,d] -> [n,d] */
function firstOf(others: Float32Array, n: number, d: number): Float32Array {
  const count = others.length / (n * d);
  return gather(
    others,
    Array.from({ length: n }, (_, i) => i * count),
    d,
  );
}

const explained = (view: View, readout: Float32Array, target: Float32Array) =>
  1 - squaredDistance(readout, 0, target, 0, target.length) / view.variance;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

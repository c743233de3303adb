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
import { type Bench, lastToken } from './bench.ts';
import { bestTexts, type Candidate } from './candidates.ts';
import type { ChainTask } from './chain.ts';
import { decode } from './decode.ts';
import { complete, logLikelihoods } from './measure.ts';
import { natsBeside, readQuestionEnds } from './questionEnd.ts';
import { readTexts } from './readTexts.ts';
import { type Bound, type Evidence, exactly, judge, type Verdicts } from './verdicts.ts';
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

export interface Reading {
  /** null where the latent is not verbalisable: then the scores are those of the best text that was found. */
  readonly text: string | null;
  readonly words: readonly Word[];
  /** The text with the step that it leaves open finished by the model. */
  readonly completion: string;
  /** First token of what the model answers after question and completion. */
  readonly answer: string;
  /** It is the answer that the model gives with its latents. */
  readonly same: boolean;
  readonly scores: ReadingScores;
  readonly controls: Readonly<Record<'empty' | 'swapped' | 'last_token' | 'question_end', Control>>;
  /** Further texts, best first. */
  readonly alternatives: readonly Candidate[];
  readonly verdicts: Verdicts;
}

/** Shares of interventions that change the answer, one per step of a view. */
export type StepCausal = PerIntervention<readonly number[]>;

export interface ReadingsRequest extends ChainTask {
  readonly how: Decode;
  readonly bank: Bank;
  /** First tokens of the model's own latent answers, [n]. */
  readonly answers: ArrayLike<number>;
  /** For each target the same number of other problems' targets in this view, [n,m,d]; the first is decoded as the swapped latent. */
  readonly others: Float32Array;
  readonly causal: readonly StepCausal[];
  /** How much more often this view's readings are right than those of the question's end, where that is known. */
  readonly right?: Bound;
  /** Called after each of `READING_PARTS` parts. */
  readonly tick?: () => void;
}

export const READING_PARTS = 3;
/** Alternatives kept. */
const ALTERNATIVES = 8;

export async function readAll(bench: Bench, request: ReadingsRequest): Promise<Reading[]> {
  const { view, questions, vectors, how, bank, answers, others, causal, right = null, tick } = request;
  const { client, config } = bench;
  const { tokenizer } = client.lrm;
  const n = questions.length;
  const d = vectors.length / n;
  const found = await decode(bench, how, request, bank);
  tick?.();
  const swappedVectors = firstOf(others, n, d);
  const swapped = bestTexts(await decode(bench, how, { ...request, vectors: swappedVectors }, bank));
  tick?.();
  const texts = bestTexts(found);
  const last = texts.map(text => lastToken(bench, text));
  const ends = await readQuestionEnds(bench, request, bank);
  const readouts = await readTexts(
    bench,
    questions,
    texts.map((text, i) => [text, '', swapped[i]!, last[i]!, ends[i]!]),
  );
  const completions = await complete(bench, questions, texts);
  const given = await client.answers(questions.map((q, i) => [...q, ...tokenizer.encode(completions[i]!)]));
  const likelihoods = await logLikelihoods(bench, request, texts);
  const words = await readWords(bench, request, texts);
  tick?.();
  const { compare, ...prepare } = comparer(config.reward.kind, view.frame, view.variance);
  const [read, targets, foreign] = [prepare.readouts(readouts), prepare.targets(vectors), prepare.targets(others)];
  const count = others.length / (n * d);
  return texts.map((text, i) => {
    const target = vectors.subarray(i * d, (i + 1) * d);
    const readout = (of: number) => readouts.subarray((5 * i + of) * d, (5 * i + of + 1) * d);
    const similarityOf = (of: number) => compare(read, 5 * i + of, targets, i);
    const control = (of: number, what: string): Control => ({
      text: what,
      similarity: similarityOf(of),
      fve: explained(view, readout(of), target),
    });
    const similarity = similarityOf(0);
    const fve = explained(view, readout(0), target);
    const controls = {
      empty: control(1, ''),
      swapped: control(2, swapped[i]!),
      last_token: control(3, last[i]!),
      question_end: control(4, ends[i]!),
    };
    const toOthers = Array.from({ length: count }, (_, j) => compare(read, 5 * i, foreign, i * count + j));
    const gap = similarity - mean(toOthers);
    const beside = { nats: natsBeside(bench, view), right, same: text === ends[i] };
    const evidence = evidenceOf(view, { gap, fve, controls, causal: causal[i]! });
    const verdicts = judge({ ...evidence, adds: beside }, config.eval.verdicts);
    const said = verdicts.verbalisable.holds;
    return {
      text: said ? text : null,
      words: said ? words[i]! : [],
      completion: said ? completions[i]! : '',
      answer: tokenizer.token(given[i]!),
      same: given[i] === answers[i],
      scores: {
        similarity,
        gap,
        lift: similarity - controls.empty.similarity,
        fve,
        log_likelihood: likelihoods[i]!.sum,
        tokens: likelihoods[i]!.tokens,
      },
      controls,
      alternatives: said ? found[i]!.slice(1, 1 + ALTERNATIVES) : [],
      verdicts,
    };
  });
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

/** One text's FVE: [d],[d] -> `1 - |readout - target|² / variance`. */
export const explained = (view: View, readout: Float32Array, target: Float32Array) =>
  1 - squaredDistance(readout, 0, target, 0, target.length) / view.variance;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

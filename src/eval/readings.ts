/**
 * Readings: the text found for each target with all that it is worth, one by one. Labels and `invert` are made of these; the
 * table averages the same quantities over problems.
 *
 * Controls are found as ours are: the swapped text is what the same decoding finds for another problem's latent, in the own
 * question. Verdicts hold one reading's own error against those of the controls and of the mean.
 */

import { largest, type PerIntervention } from '../lrm/interventions.ts';
import type { View } from '../lrm/views.ts';
import type { Decode } from '../rl/decodes.ts';
import { RecodiError } from '../run/errors.ts';
import { gather } from '../tensor/rows.ts';
import type { Bank } from './bank.ts';
import type { Bench } from './bench.ts';
import { bestTexts, type Candidate } from './candidates.ts';
import type { ChainTask } from './chain.ts';
import { decode } from './decode.ts';
import { natsBeside, readQuestionEnds } from './questionEnd.ts';
import { type Control, type ScoredText, type ScoreRequest, scoreTexts } from './scoredText.ts';
import { type Bound, type Evidence, exactly, judge, type Verdicts } from './verdicts.ts';

export interface Reading extends Omit<ScoredText, 'text'> {
  /** null where the latent is not verbalisable: then the scores are those of the best text that was found. */
  readonly text: string | null;
  /** Further texts, best first. */
  readonly alternatives: readonly Candidate[];
  readonly verdicts: Verdicts;
}

/** Shares of interventions that change the answer, one per step of a view. */
export type StepCausal = PerIntervention<readonly number[]>;

export interface ReadingsRequest extends ChainTask, ScoreRequest {
  readonly how: Decode;
  readonly bank: Bank;
  readonly causal: readonly StepCausal[];
  /** How much more often this view's readings are right than those of the question's end, where that is known. */
  readonly right?: Bound;
  /** Called after each of `READING_PARTS` parts. */
  readonly tick?: () => void;
}

export const READING_PARTS = 3;
/** Alternatives kept. */
const ALTERNATIVES = 8;

/** A reading per target. Of `others` the first is decoded as the swapped latent. */
export async function readAll(bench: Bench, request: ReadingsRequest): Promise<Reading[]> {
  const { view, questions, vectors, how, bank, others, causal, right = null, tick } = request;
  const found = await decode(bench, how, request, bank);
  tick?.();
  const n = questions.length;
  const swappedVectors = firstOf(others, n, vectors.length / n);
  const swapped = bestTexts(await decode(bench, how, { ...request, vectors: swappedVectors }, bank));
  tick?.();
  const question_end = await readQuestionEnds(bench, request, bank);
  const scored = await scoreTexts(bench, request, bestTexts(found), { swapped, question_end });
  tick?.();
  return scored.map((one, i) => {
    const beside = { nats: natsBeside(bench, view), right, same: one.text === question_end[i] };
    const evidence = evidenceOf(view, one, causal[i]!);
    const verdicts = judge({ ...evidence, adds: beside }, bench.config.eval.verdicts);
    const said = verdicts.verbalisable.holds;
    return {
      ...one,
      ...(!said && { text: null, words: [], completion: '' }),
      alternatives: said ? found[i]!.slice(1, 1 + ALTERNATIVES) : [],
      verdicts,
    };
  });
}

type Scored = Pick<ScoredText, 'scores' | 'controls'>;

/** Of one reading: there are no intervals. */
function evidenceOf(view: View, scored: Scored, causal: StepCausal): Omit<Evidence, 'adds'> {
  const { fve } = scored.scores;
  const chains = Number.isFinite(view.fve) ? view.fve : null;
  return {
    ...readableEvidence(scored),
    known: { 'this one': fve, ...(view.space === 'raw' && { 'the own chains': chains }) },
    swap: { input: exactly(largest(causal.input.swap)), readout: exactly(largest(causal.readout.swap)) },
  };
}

/** Whether one text is readable follows from this. */
export function readableEvidence({ scores: { gap, fve }, controls }: Scored): Pick<Evidence, 'gap' | 'fve' | 'leads'> {
  const lead = ({ fve: floor }: Control) => exactly(fve - floor);
  return {
    gap: exactly(gap),
    fve,
    leads: {
      empty: lead(controls.empty),
      swapped: lead(controls.swapped),
      'the last token': lead(controls.last_token),
      'the mean': exactly(fve),
    },
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

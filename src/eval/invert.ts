/**
 * Inverts questions: the model thinks about each, and every view of its latents is read. Other problems, by which a reading is
 * told from what any text would score, come from the run's validation problems.
 */

import { anchorName } from '../lrm/anchors.ts';
import type { Thoughts } from '../lrm/client.ts';
import { causalOf } from '../lrm/interventions.ts';
import { LENS_TOP } from '../lrm/runtime.ts';
import type { View } from '../lrm/views.ts';
import type { Decode } from '../rl/decodes.ts';
import { gather } from '../tensor/rows.ts';
import { type Bank, buildBank } from './bank.ts';
import { type Bench, vectorsOf } from './bench.ts';
import { chainTask } from './chain.ts';
import { COMPLETION } from './measure.ts';
import { readTyped, type Typed, type TypedLimits } from './question.ts';
import { donorRows, READING_PARTS, type Reading, readAll, type StepCausal } from './readings.ts';

export interface InvertedView extends Reading {
  readonly view: string;
  readonly steps: readonly number[];
  readonly space: View['space'];
  readonly anchor: string | null;
  readonly causal: StepCausal;
  /** The logit lens's first tokens, per step of the view. */
  readonly lens: readonly (readonly string[])[];
}

export interface Inversion {
  readonly format: 1;
  readonly run: string;
  /** As the model reads it. */
  readonly question: string;
  readonly latents: number;
  /** First token of what the model answers with its latents. */
  readonly answer: string;
  readonly decode: Decode;
  readonly views: readonly InvertedView[];
}

/** Other problems that swap gaps are taken over. */
export const SWAPS = 8;
/** Donors of interventions, and the batch that they are drawn from. */
const DONORS = 8;
const BATCH = 64;

/** A question, and what the model thinks about it. */
export interface Asked {
  readonly question: Typed;
  readonly thought: Thoughts;
}

/** What is to be heard of an inversion while it is made. */
export interface Listener {
  /** Called after each of `partsOf` parts. */
  tick(): void;
  /** A view was read. */
  read?(view: InvertedView): void;
}

/** @throws RecodiError('usage') for a question that the model has no words for, before any is read. */
export async function invertQuestions(bench: Bench, typed: readonly string[]): Promise<Inversion[]> {
  const questions = typed.map(text => askedQuestion(bench, '--question', text));
  const bank = await buildBank(bench);
  bench.progress.stage('reading the thoughts', partsOf(bench) * questions.length);
  let done = 0;
  const tick = () => bench.progress.update(++done);
  const inversions: Inversion[] = [];
  for (const question of questions)
    inversions.push(await invertThought(bench, await thinkAbout(bench, question), bank, { tick }));
  return inversions;
}

/** Parts of an inversion, of which its progress is made. */
export const partsOf = ({ views }: Pick<Bench, 'views'>): number => 1 + READING_PARTS * views.views.length;

/** `name`: of what was typed, for errors. @throws RecodiError('usage') for a question that the model has no words for. */
export const askedQuestion = (bench: Bench, name: string, typed: string): Typed =>
  readTyped(name, typed, bench.client.lrm.tokenizer, questionLimits(bench));

export async function thinkAbout({ client }: Bench, question: Typed): Promise<Asked> {
  return { question, thought: await client.think([question.tokens]) };
}

/** Reads every view of a thought. */
export async function invertThought(
  bench: Bench,
  { question: { text: question, tokens }, thought }: Asked,
  bank: Bank,
  { tick, read }: Listener,
): Promise<Inversion> {
  const { client, config, sets, views } = bench;
  const how = config.eval.decode;
  const { spec, tokenizer } = client.lrm;
  const donors = sets.get('validation')!.problems.map(p => p.question);
  const batch = [...new Set(donors)].filter(donor => donor !== question).slice(0, BATCH - 1);
  const causal = await client.causal([tokens], { donors: DONORS, among: batch.map(tokenizer.encode) });
  tick();

  const inverted: InvertedView[] = [];
  for (const view of views.views) {
    const { steps } = view;
    const own = causalOf(causal, spec.latents + 1, 0, steps);
    const [reading] = await readAll(bench, {
      ...chainTask(bench, { view, questions: [tokens], states: thought.states }, bank),
      how,
      bank,
      answers: thought.answers,
      others: othersOf(bench, view, [question], 0),
      causal: [own],
      tick,
    });
    const found: InvertedView = {
      view: view.id,
      steps,
      space: view.space,
      anchor: view.anchor ? anchorName(view.anchor) : null,
      ...reading!,
      causal: own,
      lens: steps.map(k => lensTokens(thought.lens, k, tokenizer.token)),
    };
    inverted.push(found);
    read?.(found);
  }
  return {
    format: 1,
    run: config.name,
    question,
    latents: spec.latents,
    answer: tokenizer.token(thought.answers[0]!),
    decode: how,
    views: inverted,
  };
}

/** The targets of other problems that the swap gap of question `row` is taken over, [SWAPS,d]; `questions` are read together. */
export function othersOf(bench: Bench, view: View, questions: readonly string[], row: number): Float32Array {
  const { problems, states } = bench.sets.get('validation')!;
  const donors = problems.map(p => p.question);
  return gather(vectorsOf(bench, view, states), donorRows(questions, donors, SWAPS)[row]!, bench.policy.targetSize);
}

/** Beside the question stand `<bot>`, latent steps and `<eot>`, or a text and what finishes it; then answer prefix and answer. */
function questionLimits(bench: Bench): TypedLimits {
  const { client, config } = bench;
  const { spec } = client.lrm;
  const beside = Math.max(spec.latents + 2, config.policy.max_new_tokens + COMPLETION) + spec.answerPrefix.length + 1;
  return { reserved: reservedOf(bench), longest: spec.model.maxPositions - beside };
}

/** Ids that mean something to the model and the policy beside words. */
export function reservedOf({ client, policy }: Pick<Bench, 'client' | 'policy'>): number[] {
  const { spec } = client.lrm;
  return [spec.padId, spec.botId, spec.eotId, spec.eosId, policy.injectId, policy.separatorId];
}

/** Row of lens ids [rows,LENS_TOP] as tokens. */
export function lensTokens(lens: Int32Array, row: number, token: (id: number) => string): string[] {
  return [...lens.subarray(row * LENS_TOP, (row + 1) * LENS_TOP)].map(token);
}

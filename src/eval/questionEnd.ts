/**
 * The control of a reader of thoughts: the state at the question's end in the latents' place, with the same translation and a search
 * of the bank. What it reads needs no thought.
 */
import { questionEnds } from '../lrm/targets.ts';
import { translate } from '../lrm/translator.ts';
import type { View } from '../lrm/views.ts';
import type { Problem } from '../worlds/problem.ts';
import { type Bank, nearestTexts } from './bank.ts';
import type { Bench, ReadingTask } from './bench.ts';
import { type BootstrapSettings, bootstrap } from './bootstrap.ts';
import { bestTexts, rank } from './candidates.ts';
import type { Reading } from './readings.ts';
import { rightResult } from './text.ts';
import type { AddsEvidence, Bound } from './verdicts.ts';

/** One text per question. */
export async function readQuestionEnds(
  bench: Bench,
  { view, questions }: Pick<ReadingTask, 'view' | 'questions'>,
  bank: Bank,
): Promise<string[]> {
  const control = controlOf(bench, view);
  const states = await questionEnds(bench.client, questions);
  const vectors = control.translator ? translate(control.translator, states) : states;
  const { best_of, neighbours } = bench.config.eval;
  const near = await nearestTexts(bench, bank, { frame: control.frame, vectors }, best_of + neighbours);
  return bestTexts(await rank(bench, { view: control, questions, vectors }, near));
}

/**
 * How much more often readings are right of their view's step than what the question's end reads; undefined where no step is known.
 */
export function rightMore(
  { anchor }: Pick<View, 'anchor'>,
  problems: readonly Problem[],
  readings: readonly Pick<Reading, 'text' | 'controls'>[],
  settings: BootstrapSettings,
): Bound | undefined {
  const more = readings.flatMap(({ text, controls }, i) => {
    const step = anchor && problems[i]!.steps[anchor.step - 1];
    const right = (said: string | null) => Number(said !== null && rightResult(said, step!));
    return step ? [right(text) - right(controls.question_end.text)] : [];
  });
  return more.length === 0 ? undefined : bootstrap({ numerator: more }, settings);
}

/** What the two translators tell of the chain, in nats; null for a view that has none. */
export function natsBeside(bench: Pick<Bench, 'views'>, view: View): AddsEvidence['nats'] {
  const { nats: questionEnd } = controlOf(bench, view);
  return view.nats === undefined || questionEnd === undefined || !view.translator
    ? null
    : { own: view.nats, questionEnd };
}

/** A raw view reads any state alike. */
const controlOf = ({ views }: Pick<Bench, 'views'>, view: View): View =>
  views.controls.find(({ id }) => id === view.id) ?? view;

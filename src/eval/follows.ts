/**
 * The counterfactual test of a reading: a number of the question is edited, the model thinks again, its thought is read again.
 * The new reading must be the one that the first predicts (prediction.ts). Per reading there are up to two edits, drawn by the
 * run's seed: one of a number that the reading mentions, under which it must change, and one under which it must stay.
 *
 * Staying is easy: a reader that always says the same always stays. So the two are told apart, and beside change stand two
 * controls that must be near 0: the edited question read from the thought before the edit, and another problem's new reading.
 */

import type { View } from '../lrm/views.ts';
import { pick, stream } from '../run/random.ts';
import { gather } from '../tensor/rows.ts';
import type { Edit, Problem } from '../worlds/problem.ts';
import type { Bank } from './bank.ts';
import type { Bench } from './bench.ts';
import { type BootstrapSettings, bootstrap, type Figure } from './bootstrap.ts';
import { bestTexts } from './candidates.ts';
import { chainTask } from './chain.ts';
import { decode } from './decode.ts';
import { fulfils, type Prediction, predict } from './prediction.ts';
import { isKnown } from './question.ts';
import { judgeFollows, type TriedVerdict, type VerdictFloors } from './verdicts.ts';

/** An edit of a problem's question, and what was read before and after it. */
export interface EditedReading {
  /** Row of the problem. */
  readonly row: number;
  readonly edit: Edit;
  readonly prediction: Prediction;
  /** Read from the thought about the edited question. */
  readonly text: string;
  readonly follows: boolean;
}

export interface FollowsRequest {
  readonly view: View;
  readonly problems: readonly Problem[];
  /** What was read, by `eval.decode`. */
  readonly texts: readonly string[];
}

/** Shares of edits that were followed, over problems; null where there was none of the kind. */
export interface Follows {
  readonly changes: Figure;
  readonly stays: Figure;
  /** Changes that are read without thinking again: from the latents before the edit, in the edited question. */
  readonly unthought: Figure;
  /** Changes that another problem's new reading shows. */
  readonly swapped: Figure;
}

type DrawnEdit = Pick<EditedReading, 'row' | 'edit' | 'prediction'>;

/** Edits, thinks and reads again. In the order of the problems. */
export async function readEdited(bench: Bench, request: FollowsRequest, bank: Bank): Promise<EditedReading[]> {
  const drawn = request.problems.flatMap((problem, row) => drawEdits(bench, request, problem, row));
  if (drawn.length === 0) return [];
  const { encode } = bench.client.lrm.tokenizer;
  const { states } = await bench.client.think(drawn.map(({ edit }) => encode(edit.question)));
  const texts = await readAgain(bench, request.view, drawn, states, bank);
  return drawn.map((one, i) => ({ ...one, text: texts[i]!, follows: fulfils(one.prediction, texts[i]!) }));
}

/** The verdict on one reading, by its edits. */
export function judgeEdits(edits: readonly EditedReading[], floors: Pick<VerdictFloors, 'follows'>): TriedVerdict {
  const share = (changes: boolean) => {
    const own = edits.filter(({ prediction }) => prediction.changes === changes);
    return own.length === 0 ? null : own.filter(({ follows }) => follows).length / own.length;
  };
  return judgeFollows({ changes: share(true), stays: share(false) }, floors);
}

/** The shares, and the readings that they are of. `states` [n,N+1,d] are the latents of the problems before they were edited. */
export async function measureFollows(
  bench: Bench,
  request: FollowsRequest & { readonly states: Float32Array },
  bank: Bank,
  settings: (name: string) => BootstrapSettings,
): Promise<{ follows: Follows; edited: EditedReading[] }> {
  const { view, problems, states } = request;
  const read = await readEdited(bench, request, bank);
  const changes = read.filter(({ prediction }) => prediction.changes);
  const before = gather(
    states,
    changes.map(({ row }) => row),
    states.length / problems.length,
  );
  const unthought = await readAgain(bench, view, changes, before, bank);
  const share = (name: string, of: readonly EditedReading[], followed: (one: EditedReading, i: number) => boolean) => {
    const numerator = new Float64Array(problems.length);
    const denominator = new Float64Array(problems.length);
    of.forEach((one, i) => {
      numerator[one.row]! += Number(followed(one, i));
      denominator[one.row]! += 1;
    });
    return bootstrap({ numerator, denominator }, settings(`follows ${name}`));
  };
  const others = changes.length > 1 ? changes : [];
  const follows = {
    changes: share('changes', changes, one => one.follows),
    stays: share(
      'stays',
      read.filter(({ prediction }) => !prediction.changes),
      one => one.follows,
    ),
    unthought: share('unthought', changes, ({ prediction }, i) => fulfils(prediction, unthought[i]!)),
    swapped: share('swapped', others, ({ prediction }, i) =>
      fulfils(prediction, others[(i + 1) % others.length]!.text),
    ),
  };
  return { follows, edited: read };
}

/** The edits of a problem that the model can read: in words that it knows, and in no more tokens than the question has. */
export function readableEdits({ client, world }: Pick<Bench, 'client' | 'world'>, problem: Problem): Edit[] {
  const { tokenizer } = client.lrm;
  const words = new Set(wordsOf(problem.question));
  const longest = tokenizer.encode(problem.question).length;
  return world
    .edits(problem)
    .filter(
      ({ question }) =>
        wordsOf(question).every(word => words.has(word) || isKnown(word, tokenizer)) &&
        tokenizer.encode(question).length <= longest,
    );
}

/** One edit that changes the reading and one that does not, where there are such: a number each, and then another one for it. */
function drawEdits(bench: Bench, { view, texts }: FollowsRequest, problem: Problem, row: number): DrawnEdit[] {
  const possible = readableEdits(bench, problem).flatMap(edit => {
    const prediction = predict(texts[row]!, edit);
    return prediction ? [{ row, edit, prediction }] : [];
  });
  const rng = stream(bench.config.seed, `edits ${view.id} ${problem.id}`);
  return [true, false].flatMap(changes => {
    const fitting = possible.filter(({ prediction }) => prediction.changes === changes);
    if (fitting.length === 0) return [];
    const number = pick(rng, [...new Set(fitting.map(({ edit }) => edit.from))]);
    const own = fitting.filter(({ edit }) => edit.from === number);
    return [pick(rng, own)];
  });
}

const wordsOf = (text: string) => text.split(/\s+/);

/** What latents [n,N+1,d] say, read in the edited questions; the steps before are read anew from them too. */
async function readAgain(
  bench: Bench,
  view: View,
  edits: readonly DrawnEdit[],
  states: Float32Array,
  bank: Bank,
): Promise<string[]> {
  if (edits.length === 0) return [];
  const questions = edits.map(({ edit }) => bench.client.lrm.tokenizer.encode(edit.question));
  const found = await decode(
    bench,
    bench.config.eval.decode,
    chainTask(bench, { view, questions, states }, bank),
    bank,
  );
  return bestTexts(found);
}

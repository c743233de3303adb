/**
 * What if a number of the question were another one: what the readings of a thought predict of the readings, and of the answer, of
 * the thought about the edited question. The table and labels measure the same over many problems (follows.ts).
 */
import { parseAnchor } from '../lrm/anchors.ts';
import { RecodiError } from '../run/errors.ts';
import { numbersIn } from '../worlds/edits.ts';
import { isNumber, says } from '../worlds/notation.ts';
import type { Edit } from '../worlds/problem.ts';
import { close, equationsOf, equationsText, numbersTold } from './equations.ts';
import type { Inversion } from './invert.ts';
import { fulfils, predict, predictedText } from './prediction.ts';

/** The `number`-th number of a question, from 0, replaced. @throws RecodiError('usage') where there are not so many. */
export function editNumber(question: string, number: number, to: string): Edit {
  const numbers = numbersIn(question);
  const edited = numbers[number];
  if (!edited)
    throw new RecodiError(
      'usage',
      `number ${number + 1} of the question: it has ${numbers.length}; edit one that is there.`,
    );
  const { written, index } = edited;
  const from = Number(written);
  const others = numbersTold(question);
  const own = others.indexOf(from);
  return {
    question: question.slice(0, index) + to + question.slice(index + written.length),
    from,
    to: Number(to),
    others: own < 0 ? others : others.toSpliced(own, 1),
  };
}

/** What a reading predicts to be read after an edit, and whether that was read. */
export interface Followed {
  readonly predicted: string;
  /** It is another text than before. */
  readonly changes: boolean;
  readonly follows: boolean;
}

/** null where there is no reading, or what becomes of it cannot be said. */
export function followed(before: string | null, after: string | null, edit: Edit): Followed | null {
  const prediction = before === null || isAmbiguous(edit) ? undefined : predict(before, edit);
  if (!prediction) return null;
  return {
    predicted: predictedText(prediction),
    changes: prediction.changes,
    follows: after !== null && fulfils(prediction, after),
  };
}

export interface AnswerFollowed {
  /** null where no reading tells how the answer comes about. */
  readonly predicted: string | null;
  readonly follows: boolean | null;
}

type Read = Pick<Inversion, 'question' | 'answer'> & {
  readonly views: readonly Pick<Inversion['views'][number], 'anchor' | 'text'>[];
};

/**
 * The answer after an edit, as the readings before it predict it: the chain of the furthest one that can be closed to the model's
 * answer by a number of the question, with the number replaced.
 */
export function answerFollowed({ question, answer, views }: Read, after: string, edit: Edit): AnswerFollowed {
  const unknown = { predicted: null, follows: null };
  if (!isNumber(answer) || isAmbiguous(edit)) return unknown;
  const told = numbersTold(question);
  const chain = views
    .toSorted((a, b) => stepOf(b) - stepOf(a))
    .map(({ text }) => close(equationsOf(text ?? ''), told, Number(answer)))
    .find(closed => closed !== undefined);
  const prediction = chain && predict(equationsText(chain), edit);
  const predicted = prediction?.words.findLast(word => typeof word === 'number');
  return predicted === undefined ? unknown : { predicted: String(predicted), follows: says(after, predicted) };
}

/** A number that the question tells twice: which of the two a text means is not known. */
const isAmbiguous = ({ from, others }: Edit) => others.includes(from);

const stepOf = ({ anchor }: Read['views'][number]) => (anchor === null ? 0 : (parseAnchor(anchor)?.step ?? 0));

/**
 * What a reading says would become of itself if a number of the question were another one.
 *
 * Everything follows from the text and the edit; nothing asks what the right chain is. An operand is, in this order: the result
 * of the equation right before (once in an equation), the edited number, another number of the question, an earlier result, and
 * else a number from nowhere, which stays. Results are worked out anew where an operand changed. So a reading that does not
 * mention the edited number predicts that it stays as it is: what it leaves out must not matter to it.
 */
import { evaluate, isNumber, isOperator, lexemes, says } from '../worlds/notation.ts';
import type { Edit } from '../worlds/problem.ts';

export interface Prediction {
  /** Lexemes of the text that is to be read; numbers by their value. */
  readonly words: readonly (string | number)[];
  /** It is another text than the one that was read. */
  readonly changes: boolean;
}

type Change = Pick<Edit, 'from' | 'to' | 'others'>;

interface Result {
  readonly was: number;
  readonly is: number;
}

/** undefined where the edited number stands outside of arithmetic: what becomes of the text is not said there. */
export function predict(text: string, change: Change): Prediction | undefined {
  const written = lexemes(text);
  const words: (string | number)[] = [];
  const results: Result[] = [];
  for (let at = 0; at < written.length; ) {
    if (!isNumber(written[at])) {
      words.push(written[at++]!);
      continue;
    }
    let end = at + 1;
    while (isOperator(written[end]) && isNumber(written[end + 1])) end += 2;
    const expression = written.slice(at, end);
    const operators = expression.filter(isOperator);
    const was = expression.filter(isNumber).map(Number);
    const is = operandsAfter(was, change, results);
    const changed = is.some((operand, i) => operand !== was[i]);
    const goesOn = end === written.length || operators.length > 0 || isOperator(written[end]);
    if (changed && !goesOn) return undefined;
    words.push(...is.flatMap((operand, i) => (i === 0 ? [operand] : [operators[i - 1]!, operand])));
    if (operators.length > 0 && written[end] === '=' && isNumber(written[end + 1])) {
      const result = Number(written[end + 1]);
      results.push({ was: result, is: changed ? evaluate(is, operators) : result });
      words.push('=', results.at(-1)!.is);
      end += 2;
    }
    at = end;
  }
  return { words, changes: words.some((word, i) => typeof word === 'number' && word !== Number(written[i])) };
}

/** An equation's operands once the question is edited and the results before it are what they then are. */
function operandsAfter(
  operands: readonly number[],
  { from, to, others }: Change,
  results: readonly Result[],
): number[] {
  let before = results.at(-1);
  return operands.map(operand => {
    if (before?.was === operand) {
      const { is } = before;
      before = undefined;
      return is;
    }
    if (operand === from) return to;
    if (others.includes(operand)) return operand;
    return results.findLast(({ was }) => was === operand)?.is ?? operand;
  });
}

/** The text says what was predicted, word for word; a number may be rounded to the decimals that it shows. */
export function fulfils({ words }: Prediction, text: string): boolean {
  const read = lexemes(text);
  return (
    read.length === words.length &&
    words.every((word, i) => (typeof word === 'number' ? says(read[i]!, word) : word === read[i]))
  );
}

/** The predicted text. */
export const predictedText = ({ words }: Prediction): string => words.join(' ');

/**
 * How answers are judged: word for word, by token F1 (SQuAD, Rajpurkar et al. 2016), answers that are steps also within one; and free
 * questions by the numbers and the operation that they name, whatever else they say.
 */
import { equationsOf } from '../eval/equations.ts';
import { isNumber, isOperator, lexemes } from '../worlds/notation.ts';

const words = (text: string) => text.split(/\s+/).filter(word => word !== '');

export const sameAnswer = (found: string, right: string): boolean => words(found).join(' ') === words(right).join(' ');

/** F1 of the words that two texts share, each as often as it stands in both. */
export function tokenF1(found: string, right: string): number {
  const [own, gold] = [words(found), words(right)];
  if (own.length === 0 || gold.length === 0) return own.length === gold.length ? 1 : 0;
  const left = [...gold];
  let shared = 0;
  for (const word of own) {
    const at = left.indexOf(word);
    if (at < 0) continue;
    left.splice(at, 1);
    shared += 1;
  }
  if (shared === 0) return 0;
  const [precision, recall] = [shared / own.length, shared / gold.length];
  return (2 * precision * recall) / (precision + recall);
}

/** Whether two answers name numbers that are at most one apart: the last of each. */
export function withinOne(found: string, right: string): boolean {
  const [own, gold] = [found, right].map(text => lexemes(text).filter(isNumber).at(-1));
  if (own === undefined || gold === undefined) return sameAnswer(found, right);
  return Math.abs(Number(own) - Number(gold)) <= 1;
}

/** What a free answer names: of its last equation, where it has one, else its last number, its last operator and all its numbers. */
export interface Named {
  readonly result?: number;
  readonly operation?: string;
  readonly operands: readonly number[];
}

export function namedIn(text: string): Named {
  const equation = equationsOf(text).at(-1);
  if (equation) {
    const { result, operators, operands } = equation;
    return { result, operands, operation: operators.join(' ') };
  }
  const found = lexemes(text);
  const numbers = found.filter(isNumber).map(Number);
  const [result, operation] = [numbers.at(-1), found.findLast(isOperator)];
  return { operands: numbers, ...(result !== undefined && { result }), ...(operation !== undefined && { operation }) };
}

/** The same numbers, in whatever order. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  const sorted = (list: readonly number[]) => list.toSorted((x, y) => x - y).join();
  return sorted(a) === sorted(b);
}

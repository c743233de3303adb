/**
 * Edits of any question: one of its numbers is replaced by a near one. For worlds that know of a question no more than its text.
 */
import type { Edit } from './problem.ts';

/** A number that stands by itself: no part of `1,000`, `2/3`, `x2` or `10-12`. */
const NUMBER = /(?<![\p{L}\d.,/-])\d+(?:\.\d+)?(?![\p{L}\d/-]|[.,]\d)/gu;

/** From near to far; a number that is edited stays above 0. */
const DISTANCES = [1, -1, 2, -2, 3, -3] as const;

/** Numbers of a text, in its order: as each is written, and where it begins. */
export function numbersIn(text: string): { readonly written: string; readonly index: number }[] {
  return [...text.matchAll(NUMBER)].map(({ 0: written, index }) => ({ written, index }));
}

/** Every number of the text that stands in it once, moved a little; its decimals stay as many. */
export function numberEdits(question: string): Edit[] {
  const numbers = numbersIn(question);
  return numbers.flatMap(({ written, index }) => {
    const from = Number(written);
    const others = numbers.filter(other => other.index !== index).map(other => Number(other.written));
    const decimals = written.split('.')[1]?.length ?? 0;
    const near = DISTANCES.map(distance => from + distance).filter(to => to > 0);
    if (others.includes(from)) return [];
    return near.map(to => {
      const edited = question.slice(0, index) + to.toFixed(decimals) + question.slice(index + written.length);
      return { question: edited, from, to: Number(to.toFixed(decimals)), others };
    });
  });
}

/**
 * What a text says, held against a step of the gold chain: the project's one definition of each such quantity.
 *
 * Pure functions of text. They read lexemes, so spacing never matters, and take what the step knows of itself: its
 * operands and operation, else what its text has before the last `=`, else its whole text. None of them looks at
 * where in the chain a step stands, and none gives credit for a number that is only a part of another number.
 */
import { evaluate, isNumber, isOperator, lexemes, type Operator, readExpression, says } from '../worlds/notation.ts';
import type { Step } from '../worlds/problem.ts';

/** Arithmetic as a text writes it: `a op b …`, what follows its `=`, and whether it waits for that. */
export interface Expression {
  readonly operands: readonly number[];
  readonly operators: readonly Operator[];
  /** As written; absent where no number follows. */
  readonly result?: string;
  /** An `=` follows, and no number follows that. */
  readonly open: boolean;
}

/** All expressions of a text in their order, each as long as it can be: `3 + 5 + 6` is one. */
export function expressions(text: string): Expression[] {
  const words = lexemes(text);
  const found: Expression[] = [];
  for (let start = 0; start < words.length; start++) {
    if (!isNumber(words[start]) || isOperator(words[start - 1])) continue;
    let end = start + 1;
    while (isOperator(words[end]) && isNumber(words[end + 1])) end += 2;
    const read = isOperator(words[end]) ? undefined : readExpression(words.slice(start, end));
    if (read) {
      const result = words[end] === '=' && isNumber(words[end + 1]) ? words[end + 1] : undefined;
      const open = words[end] === '=' && result === undefined;
      const operands = read.operands.map(Number);
      found.push({ operands, operators: read.operators, open, ...(result === undefined ? {} : { result }) });
    }
    start = end - 1;
  }
  return found;
}

const alike = (a: string | undefined, b: string) => a === b || (isNumber(a) && isNumber(b) && Number(a) === Number(b));

/** Whether `part` stands in `words` as a run; `whole`: and is not a piece of a longer expression. */
function occurs(part: readonly string[], words: readonly string[], whole: boolean): boolean {
  if (part.length === 0) return false;
  return words.some((_, at) => {
    if (!part.every((word, i) => alike(words[at + i], word))) return false;
    if (!whole) return true;
    const continued = isNumber(part[0]) && isOperator(words[at - 1]);
    return !continued && !(isNumber(part.at(-1)) && isOperator(words[at + part.length]));
  });
}

/** The step's expression, without its result: `5 + 6`. */
function expressionOf(step: Step): readonly string[] {
  const { operands, operation } = step;
  if (operands && operands.length > 1 && operation !== undefined) {
    return lexemes(operands.join(` ${operation} `));
  }
  const words = lexemes(step.text);
  const before = words.slice(0, Math.max(0, words.lastIndexOf('='))).filter(word => word !== '<<');
  return before.length > 0 ? before : words;
}

/** The step's own expression occurs in the text, whole. */
export function exactExpression(text: string, step: Step): boolean {
  return occurs(expressionOf(step), lexemes(text), true);
}

/** The step's result occurs in the text, in whatever role; where the step has no result, its whole text does. */
export function namesResult(text: string, step: Step): boolean {
  return occurs(lexemes(step.result ?? step.text), lexemes(text), false);
}

/** The last expression that the text leaves open, `a op b =`, has the step's result as its value. */
export function evaluatesTo(text: string, step: Step): boolean {
  const open = expressions(text).findLast(expression => expression.open);
  return open !== undefined && step.result !== undefined && says(step.result, evaluate(open.operands, open.operators));
}

/** The text names the step's result or evaluates to it. */
export function rightResult(text: string, step: Step): boolean {
  return namesResult(text, step) || evaluatesTo(text, step);
}

const SHAPES: Readonly<Record<string, string>> = { '<<': '<', '>>': '>', '=': '=' };

/** One character per lexeme: `n` number, `o` operator, `?` what no chain holds. */
function shapeOf(words: readonly string[]): string {
  return words.map(word => SHAPES[word] ?? (isNumber(word) ? 'n' : isOperator(word) ? 'o' : '?')).join('');
}

/** Shapes of the beginnings of chains whose equations have at most so many operators. */
function chainPrefix(maxOperators: number): RegExp {
  const expression = `<n(?:on){1,${maxOperators}}`;
  const unfinished = `<(?:n(?:on){0,${maxOperators - 1}}o?)?|${expression}(?:=n?)?`;
  return new RegExp(`^(?:${expression}=n>)*(?:${unfinished})?$`);
}

/**
 * The text is the beginning of a chain of equations, `<< a op b = c >> << …`, of a word or more, and every result in
 * it is right. For worlds whose chains are equations (`world.equations`, which is also the second argument): where a
 * chain has no grammar, no text is well or badly formed.
 */
export function wellFormed(
  text: string,
  { maxOperators }: { readonly maxOperators: number } = { maxOperators: 1 },
): boolean {
  const words = lexemes(text);
  if (words.length === 0 || !chainPrefix(maxOperators).test(shapeOf(words))) return false;
  return expressions(text).every(
    ({ operands, operators, result }) => result === undefined || says(result, evaluate(operands, operators)),
  );
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '');
}

/** Words between spaces. */
export function wordCount(text: string): number {
  return wordsOf(text).length;
}

function gramsOf(text: string, n: number): string[] {
  const words = wordsOf(text);
  return words.slice(n - 1).map((_, i) => words.slice(i, i + n).join(' '));
}

/** distinct-n (Li et al. 2016): different n-grams of all texts over their number, in 0 … 1; null where there are none. */
export function distinct(texts: readonly string[], n: number): number | null {
  const grams = texts.flatMap(text => gramsOf(text, n));
  return grams.length === 0 ? null : new Set(grams).size / grams.length;
}

/** seq-rep-n (Welleck et al. 2020): the share of a text's n-grams that stand in it before, in 0 … 1; 0 for shorter texts. */
export function repetition(text: string, n = 4): number {
  return 1 - (distinct([text], n) ?? 1);
}

/**
 * The share of a text's n-grams that stand in another of the texts too, mean over all pairs, in 0 … 1: 1 where all texts are one.
 * A text with fewer than n words is one n-gram. null for fewer than two texts.
 */
export function alikeness(texts: readonly string[], n: number): number | null {
  if (texts.length < 2) return null;
  const grams = texts.map(text => {
    const own = gramsOf(text, n);
    return own.length > 0 ? own : [wordsOf(text).join(' ')];
  });
  const holders = new Map<string, number>();
  for (const gram of grams.flatMap(own => [...new Set(own)])) holders.set(gram, (holders.get(gram) ?? 0) + 1);
  const shared = grams.map(own => own.reduce((sum, gram) => sum + holders.get(gram)! - 1, 0) / own.length);
  return shared.reduce((sum, count) => sum + count, 0) / (texts.length * (texts.length - 1));
}

/**
 * The notation of equations: how a chain writes arithmetic, and how arithmetic is read out of any text. The one place
 * that knows it; worlds write with it and `eval/text.ts` judges with it.
 *
 * Spacing never matters: `<<5+6=11>>` and `<< 5 + 6 = 11 >>` have the same lexemes, and so has `5 plus 6 makes 11` but for its marks.
 */
import type { Step } from './problem.ts';

export type Operator = '+' | '-' | '*' | '/';

/** A number (a minus that follows no operand is its sign), a word, `<<`, `>>`, or any other single character. */
const LEXEME = /(?:(?<![\d)]\s*|\p{L})-)?\d+(?:\.\d+)?|\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)*|<<|>>|\S/gu;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** Arithmetic in words, between numbers: `5 plus 6 makes 11`, or `is 11`. */
export const OPERATOR_WORDS: Readonly<Record<Operator, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '/': 'over',
};
const SIGNS = new Map(Object.entries(OPERATOR_WORDS).map(([sign, word]) => [word, sign]));

/** The text in pieces, as they are written. */
export function pieces(text: string): string[] {
  return text.match(LEXEME) ?? [];
}

/** The pieces, arithmetic in words as its signs: `5 plus 6 makes 11` has the lexemes of `5 + 6 = 11`. */
export function lexemes(text: string): string[] {
  const words = pieces(text);
  words.forEach((word, at) => {
    const sign = SIGNS.get(word);
    if (sign !== undefined && isNumber(words[at - 1]) && isNumber(words[at + 1])) words[at] = sign;
    if ((word === 'is' || word === 'makes') && isNumber(words[at - 1]) && isOperator(words[at - 2])) words[at] = '=';
  });
  return words;
}

export function isNumber(lexeme: string | undefined): lexeme is string {
  return lexeme !== undefined && NUMBER.test(lexeme);
}

export function isOperator(lexeme: string | undefined): lexeme is Operator {
  return lexeme === '+' || lexeme === '-' || lexeme === '*' || lexeme === '/';
}

/** [n], [n-1] -> the value, products and quotients before sums and differences; not finite after a division by zero. */
export function evaluate(operands: readonly number[], operators: readonly Operator[]): number {
  let sum = 0;
  let term = operands[0] ?? Number.NaN;
  operators.forEach((operator, i) => {
    const operand = operands[i + 1] ?? Number.NaN;
    if (operator === '*') term *= operand;
    else if (operator === '/') term /= operand;
    else {
      sum += term;
      term = operator === '+' ? operand : -operand;
    }
  });
  return sum + term;
}

/** Whether `written` says this value: exactly, or rounded to the decimals that it shows. */
export function says(written: string, value: number): boolean {
  if (!isNumber(written)) return false;
  const decimals = written.split('.')[1]?.length;
  const tolerance = decimals === undefined ? 1e-9 : 0.5 * 10 ** -decimals + 1e-9;
  return Math.abs(Number(written) - value) <= tolerance;
}

/** The step `<< a operator b = c >>`. */
export function equationStep(a: number, operator: Operator, b: number): Step {
  const result = String(evaluate([a, b], [operator]));
  return { text: `<< ${a} ${operator} ${b} = ${result} >>`, operands: [a, b], operation: operator, result };
}

/** [a op b op c …] -> its numbers and operators, of which there is at least one; undefined for anything else. */
export function readExpression(words: readonly string[]): { operands: string[]; operators: Operator[] } | undefined {
  const operands = words.filter((_, i) => i % 2 === 0);
  const operators = words.filter((_, i) => i % 2 === 1);
  if (operators.length === 0 || operands.length !== operators.length + 1) return undefined;
  return operands.every(isNumber) && operators.every(isOperator) ? { operands, operators } : undefined;
}

/** A step from its text alone: its result where it ends in `= number`, its operands too where it is one operation. A full stop may follow. */
export function readStep(text: string): Step {
  const words = lexemes(text).filter(lexeme => lexeme !== '<<' && lexeme !== '>>');
  const inner = words.at(-1) === '.' ? words.slice(0, -1) : words;
  const result = inner.at(-1);
  if (inner.at(-2) !== '=' || !isNumber(result)) return { text };
  const expression = readExpression(inner.slice(0, -2));
  const [operation, ...more] = expression?.operators ?? [];
  if (!expression || operation === undefined || more.length > 0) return { text, result };
  const operands = expression.operands.map(Number);
  return operands.every(Number.isFinite) ? { text, operands, operation, result } : { text, result };
}

/** The number of operators of a text that is exactly `<< a op b … = c >>`, 0 for any other text. */
export function countOperators(text: string): number {
  const words = lexemes(text);
  const framed = words[0] === '<<' && words.at(-3) === '=' && isNumber(words.at(-2)) && words.at(-1) === '>>';
  return framed ? (readExpression(words.slice(1, -3))?.operators.length ?? 0) : 0;
}

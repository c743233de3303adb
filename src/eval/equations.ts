/**
 * Chains as equations: the form in which all ways of reading a chain are compared, and the last step, which is closed for all of
 * them alike. Nothing here asks what the right chain is, but `isGold`.
 */
import { evaluate, isNumber, lexemes, type Operator } from '../worlds/notation.ts';
import type { Problem } from '../worlds/problem.ts';
import { expressions } from './text.ts';

export interface Equation {
  readonly operands: readonly number[];
  readonly operators: readonly Operator[];
  readonly result: number;
}

/** The equations of a text in their order; one that waits for its result has the value of its expression. */
export function equationsOf(text: string): Equation[] {
  return expressions(text).flatMap(({ operands, operators, result, open }) => {
    if (result === undefined && !open) return [];
    return [{ operands, operators, result: result === undefined ? evaluate(operands, operators) : Number(result) }];
  });
}

/** `<< 5 + 6 = 11 >> << 11 * 3 = 33 >>`. */
export function equationsText(chain: readonly Equation[]): string {
  const written = chain.map(({ operands, operators, result }) => {
    const words = operands.flatMap((operand, i) => (i === 0 ? [operand] : [operators[i - 1], operand]));
    return `<< ${words.join(' ')} = ${result} >>`;
  });
  return written.join(' ');
}

/** Words that tell a number, by how they begin: `doubles`, `halves`, `dozens`. */
const NUMBER_WORDS: readonly (readonly [beginning: string, value: number])[] = [
  ['half', 2],
  ['halves', 2],
  ['double', 2],
  ['twice', 2],
  ['triple', 3],
  ['thrice', 3],
  ['quarter', 4],
  ['dozen', 12],
];

/** The numbers that a question tells, in its order and as often as it tells them. */
export function numbersTold(question: string): number[] {
  return lexemes(question).flatMap(lexeme => {
    const word = NUMBER_WORDS.find(([beginning]) => lexeme.toLowerCase().startsWith(beginning));
    if (word) return [word[1]];
    return isNumber(lexeme) ? [Number(lexeme)] : [];
  });
}

/** A step between two results, and the operand that it takes for it. */
interface Link {
  readonly equation: Equation;
  readonly operand: number;
}

/** To which operands are worked out: a quotient's is not exact. */
const DECIMALS = 9;

/** Every step that takes up `before`, comes to `result` and computes something (nothing plus 0 or times 1); sums first, quotients last. */
export function links(before: number, result: number): Link[] {
  const link = (operator: Operator, exact: number, reversed = false): Link => {
    const operand = Number(exact.toFixed(DECIMALS));
    return {
      equation: { operands: reversed ? [operand, before] : [before, operand], operators: [operator], result },
      operand,
    };
  };
  const all = [
    link('+', result - before),
    link('-', before - result),
    link('-', before + result, true),
    link('*', result / before),
    link('/', before / result),
    link('/', before * result, true),
  ];
  return all.filter(({ equation: { operands, operators }, operand }) => {
    const identity = operators[0] === '+' || operators[0] === '-' ? 0 : 1;
    const off = Math.abs(evaluate(operands, operators) - result);
    return operand !== identity && operand >= 0 && off <= 10 ** -DECIMALS;
  });
}

/** How the numbers told are used up by a chain: those that are left, and how many operands are told no (further) time. */
export function usage(
  chain: readonly Equation[],
  told: readonly number[],
): { readonly left: readonly number[]; readonly untold: number } {
  const left = [...told];
  let untold = 0;
  chain.forEach(({ operands }, i) => {
    let before = chain[i - 1]?.result;
    for (const operand of operands) {
      const at = left.indexOf(operand);
      if (operand === before) before = undefined;
      else if (at >= 0) left.splice(at, 1);
      else untold += 1;
    }
  });
  return { left, untold };
}

/**
 * The chain up to the predicted answer: as it is where it ends there, else with one step more, from its last result and a number
 * that the question tells; one that the chain has not used yet goes first. undefined where there is no such step, or no chain.
 */
export function close(chain: readonly Equation[], told: readonly number[], answer: number): Equation[] | undefined {
  const last = chain.at(-1);
  if (!last) return undefined;
  if (last.result === answer) return [...chain];
  const possible = links(last.result, answer);
  for (const numbers of [usage(chain, told).left, told]) {
    const found = possible.find(({ operand }) => numbers.includes(operand));
    if (found) return [...chain, found.equation];
  }
  return undefined;
}

/** Every equation is the gold step's, in the same order. */
export function isGold(chain: readonly Equation[], { steps }: Pick<Problem, 'steps'>): boolean {
  const gold = steps.map(step => equationsOf(step.text));
  return chain.length === gold.length && gold.every(([one], i) => one !== undefined && same(one, chain[i]!));
}

/** A sum or a product: its operands may change places. */
export function commutes({ operators }: Pick<Equation, 'operators'>): boolean {
  return operators.every(o => o === '+') || operators.every(o => o === '*');
}

/** The same step, whatever the order of a sum or product. */
export function same(a: Equation, b: Equation): boolean {
  const sort = commutes(a);
  const form = ({ operands, operators, result }: Equation) =>
    [...(sort ? operands.toSorted((x, y) => x - y) : operands), ...operators, result].join(' ');
  return form(a) === form(b);
}

/**
 * What of a chain its question accounts for. A number is accounted for where the question tells it or an earlier step computed it;
 * where the world knows what the question says to do with a number (`World.told`), a step must do that, and once.
 */
import { commutes, type Equation, numbersTold } from '../eval/equations.ts';
import { evaluate, isOperator } from '../worlds/notation.ts';
import type { Told, World } from '../worlds/problem.ts';

/** What a question tells: by its world, or else the numbers of its text. */
export const toldBy = (world: World, question: string): readonly Told[] =>
  world.told?.(question) ?? numbersTold(question).map(number => ({ number }));

/** For each step what the question does not account for, as `7` or `+ 7`; nothing where it accounts for all of it. */
export function unaccounted(chain: readonly Equation[], told: readonly Told[]): string[][] {
  const numbers = new Set(told.filter(({ operation }) => operation === undefined).map(({ number }) => number));
  const deeds = told.filter(({ operation }) => operation !== undefined);
  const knowsDeeds = deeds.length > 0;
  return chain.map(equation => {
    const orders = [equation.operands, ...(commutes(equation) ? [equation.operands.toReversed()] : [])];
    const tried = orders.map(operands => {
      const left = [...deeds];
      const missing = operands.flatMap((operand, i) => {
        const operation = equation.operators[i - 1];
        if (operation === undefined || !knowsDeeds) return numbers.has(operand) ? [] : [String(operand)];
        const at = left.findIndex(deed => deed.number === operand && deed.operation === operation);
        if (at >= 0) left.splice(at, 1);
        return at >= 0 ? [] : [`${operation} ${operand}`];
      });
      return { missing, left };
    });
    const best = tried.reduce((a, b) => (b.missing.length < a.missing.length ? b : a));
    deeds.splice(0, deeds.length, ...best.left);
    numbers.add(equation.result);
    return best.missing;
  });
}

/** The chain that a question tells, its deeds one after the other; undefined where it is not known what it says to do. */
export function toldChain(told: readonly Told[]): Equation[] | undefined {
  const [start, ...deeds] = told;
  if (!start || deeds.length === 0) return undefined;
  let value = start.number;
  const chain: Equation[] = [];
  for (const { number, operation } of deeds) {
    if (!isOperator(operation)) return undefined;
    const result = evaluate([value, number], [operation]);
    chain.push({ operands: [value, number], operators: [operation], result });
    value = result;
  }
  return chain;
}

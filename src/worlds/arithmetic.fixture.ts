/** The chain of an arithmetic question, worked out from its words alone. */
import { equationStep, type Operator } from './notation.ts';
import type { Step } from './problem.ts';

const SAID: readonly (readonly [pattern: RegExp, operator: Operator, operand?: number])[] = [
  [/(?:buys|finds|gets|wins) (\d+)/, '+'],
  [/(?:loses|sells|gives away|uses) (\d+)/, '-'],
  [/doubles/, '*', 2],
  [/triples/, '*', 3],
  [/half/, '/', 2],
];

export function chainOf(question: string): Step[] {
  const [start = '', ...events] = question.split(' . ').slice(0, -1);
  let value = Number(/ has (\d+) /.exec(start)?.[1]);
  return events.map(event => {
    const [pattern, operator, operand] = SAID.find(([told]) => told.test(event))!;
    const step = equationStep(value, operator, operand ?? Number(pattern.exec(event)?.[1]));
    value = Number(step.result);
    return step;
  });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import { evaluate } from '../worlds/notation.ts';
import { close, equationsOf, equationsText, isGold, links, numbersTold, usage } from './equations.ts';

const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const problems = fc.nat(100_000).map(i => world.generator('train', stream(i, 'equations')));
const goldText = ({ steps }: { steps: readonly { text: string }[] }) => steps.map(({ text }) => text).join(' ');
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

describe('equations', () => {
  it('are read from a chain and written as it was', () => {
    fc.assert(
      fc.property(problems, problem => {
        expect(equationsText(equationsOf(goldText(problem)))).toBe(goldText(problem));
      }),
    );
  });

  it('have the value of their expression where the text stops before their result, and are none before that', () => {
    expect(equationsOf('<< 5 + 6 = 11 >> << 11 * 3 =').map(({ result }) => result)).toEqual([11, 33]);
    expect(equationsOf('<< 5 + 6 = 11 >> << 11 * 3')).toHaveLength(1);
    expect(equationsOf('<< 5 + 6 = 12 >>')[0]!.result).toBe(12);
  });

  it('are gold step by step, in order and number; the operands of a sum or product change places', () => {
    fc.assert(
      fc.property(problems, problem => {
        const chain = equationsOf(goldText(problem));
        const turned = chain.map(one => ({ ...one, operands: [...one.operands].reverse() }));
        expect(isGold(chain, problem)).toBe(true);
        expect(isGold(chain.slice(1), problem)).toBe(false);
        expect(isGold([...chain, chain[0]!], problem)).toBe(false);
        const symmetric = chain.every(({ operators: [o], operands: [a, b] }) => o === '+' || o === '*' || a === b);
        expect(isGold(turned, problem)).toBe(symmetric);
      }),
    );
  });
});

it('the numbers of a question are those that the world says it tells, in words too', () => {
  fc.assert(
    fc.property(problems, problem => {
      const [edit] = world.edits(problem);
      fc.pre(edit !== undefined);
      expect(sorted(numbersTold(problem.question))).toEqual(sorted([edit!.from, ...edit!.others]));
    }),
  );
  expect(numbersTold('Twice a dozen, or half of 1.5?')).toEqual([2, 12, 2, 1.5]);
});

describe('links', () => {
  const number = fc.integer({ min: 0, max: 40 });

  it('are every step that computes something, from one result to the next', () => {
    fc.assert(
      fc.property(number, number, fc.constantFrom('+', '-', '*', '/'), fc.boolean(), (before, x, operator, first) => {
        const operands = first ? [before, x] : [x, before];
        const result = evaluate(operands, [operator]);
        fc.pre(Number.isFinite(result) && x !== (operator === '+' || operator === '-' ? 0 : 1));
        // One link stands for a sum or product and its mirror image.
        const written = first || operator === '-' || operator === '/' ? operands : [before, x];
        const found = links(before, result).map(({ equation }) => `${equation.operands}${equation.operators}`);
        if (before !== 0 && x !== 0 && result !== 0) expect(found).toContain(`${written}${operator}`);
      }),
    );
  });

  it('hold', () => {
    fc.assert(
      fc.property(number, number, (before, result) => {
        for (const { equation, operand } of links(before, result)) {
          expect(evaluate(equation.operands, equation.operators)).toBeCloseTo(result, 8);
          expect(sorted(equation.operands)).toEqual(sorted([before, operand]));
        }
      }),
    );
    expect(links(Number.NaN, 3)).toEqual([]);
    expect(links(3, Number.NaN)).toEqual([]);
  });
});

describe('close', () => {
  const closed = (text: string, told: number[], answer: number) => {
    const chain = close(equationsOf(text), told, answer);
    return chain && equationsText(chain);
  };

  it('adds the step to the answer, with a number that is not used yet where there is one', () => {
    const text = '<< 9 + 2 = 11 >>';
    expect(closed(text, [9, 2, 4], 15)).toBe(`${text} << 11 + 4 = 15 >>`);
    expect(closed(text, [9, 2, 7], 13)).toBe(`${text} << 11 + 2 = 13 >>`);
    expect(closed(text, [9, 2, 3, 4], 8)).toBe(`${text} << 11 - 3 = 8 >>`);
    expect(closed('<< 4 / 2 = 2 >>', [4, 2, 2], 4)).toBe('<< 4 / 2 = 2 >> << 2 + 2 = 4 >>');
    expect(closed('<< 5 + 3 = 8 >>', [5, 3, 4, 2], 4)).toBe('<< 5 + 3 = 8 >> << 8 - 4 = 4 >>');
  });

  it('leaves a chain that ends in the answer, and finds none where no number leads there', () => {
    expect(closed('<< 9 + 2 = 11 >>', [9, 2], 11)).toBe('<< 9 + 2 = 11 >>');
    for (const answer of [12, Number.NaN]) expect(closed('<< 9 + 2 = 11 >>', [9, 2], answer)).toBeUndefined();
    expect(closed('', [9, 2], 11)).toBeUndefined();
  });

  it('finds a way to the end of every chain without its last step, and to no other end', () => {
    fc.assert(
      fc.property(problems, problem => {
        const gold = equationsOf(goldText(problem));
        const lead = gold.slice(0, -1);
        const answer = Number(problem.answer);
        fc.pre(lead.length > 0);
        const chain = close(lead, numbersTold(problem.question), answer)!;
        expect(chain.slice(0, lead.length)).toEqual(lead);
        expect(chain.at(-1)!.result).toBe(answer);
        expect(usage(chain, numbersTold(problem.question)).untold).toBe(0);
      }),
    );
  });
});

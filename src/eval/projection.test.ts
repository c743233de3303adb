import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { chainOf } from '../worlds/arithmetic.fixture.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import type { Problem, Step } from '../worlds/problem.ts';
import { equationsOf, equationsText, numbersTold, same } from './equations.ts';
import { checkSteps, forwardChains, type Projection, type ShownNumber } from './projection.ts';

const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic', steps: [[3, 1]] }));
const problems = fc.nat(100_000).map(i => world.generator('train', stream(i, 'projection')));
const ranked = (values: readonly number[]): ShownNumber[] => values.map((value, rank) => ({ value, rank }));
const shown = (...values: readonly (readonly number[])[]) => values.map(ranked);

/** A thought that shows the first two results at states 1 and 3, as some models do, and beside them what it is given. */
function thought(steps: readonly Step[], noise: readonly number[] = []): Projection {
  const results = steps.map(({ result }) => Number(result));
  const [first = 0, second = 0] = results;
  return { answer: results.at(-1)!, shown: shown([], [first, ...noise], noise, [second, ...noise], []) };
}
const texts = (projection: Projection, told: readonly number[]) =>
  forwardChains(projection, told, 10).map(({ chain }) => equationsText(chain));

describe('forward chaining', () => {
  it('takes results where they are shown, and operands from the question', () => {
    const projection = { answer: 27, shown: shown([], [30, 8], [4], [24]) };
    expect(texts(projection, [15, 2, 6, 3])[0]).toBe('<< 15 * 2 = 30 >> << 30 - 6 = 24 >> << 24 + 3 = 27 >>');
    const [best] = forwardChains(projection, [15, 2, 6, 3], 10);
    expect(best!.states).toEqual([1, 3]);
  });

  it('takes operands that are shown one or two states before, behind chains that need none', () => {
    const of = (...states: number[][]) => texts({ answer: 14, shown: shown(...states) }, [5, 2]);
    expect(of([1, 7], [], [12])).toEqual(['<< 5 + 7 = 12 >> << 12 + 2 = 14 >>']);
    expect(of([1, 7], [], [], [12])).toEqual([]);
    expect(of([3, 4], [], [7])).toEqual([
      '<< 5 + 2 = 7 >> << 7 * 2 = 14 >>',
      '<< 5 - 2 = 3 >> << 3 + 4 = 7 >> << 7 * 2 = 14 >>',
      '<< 3 + 4 = 7 >> << 7 * 2 = 14 >>',
    ]);
  });

  it('goes on behind the answer, and prefers more steps', () => {
    const projection = { answer: 34, shown: shown([34], [39]) };
    const chains = texts(projection, [17, 2, 5, 5]);
    expect(chains.slice(0, 2)).toEqual(['<< 17 * 2 = 34 >> << 34 + 5 = 39 >> << 39 - 5 = 34 >>', '<< 17 * 2 = 34 >>']);
    expect(new Set(chains).size).toBe(chains.length);
  });

  it('ends, however many states there are', () => {
    const many = Array.from({ length: 60 }, (_, i) => [5 + (i % 7), 1, 2, 3]);
    const found = forwardChains({ answer: 9, shown: shown(...many) }, [5, 2, 3, 1], 10);
    expect(found.length).toBeGreaterThan(0);
  });

  it('finds nothing where no number is shown, or the answer is no number', () => {
    expect(texts({ answer: 7, shown: shown([], []) }, [5, 2])).toEqual([]);
    expect(texts({ answer: Number.NaN, shown: shown([7]) }, [5, 2])).toEqual([]);
  });

  it('finds the steps of every thought that shows its results, among whatever else', () => {
    fc.assert(
      fc.property(problems, fc.array(fc.nat(60), { maxLength: 3 }), (problem, noise) => {
        const chains = forwardChains(thought(problem.steps, noise), numbersTold(problem.question), 10);
        const lead = problem.steps.slice(0, 2).flatMap(({ text }) => equationsOf(text));
        expect(chains.some(({ chain }) => lead.every((one, j) => same(one, chain[j]!)))).toBe(true);
      }),
    );
  });

  it('says nothing that is not shown or told: results from the states, each chain up to the answer', () => {
    fc.assert(
      fc.property(problems, fc.array(fc.nat(60), { maxLength: 3 }), (problem, noise) => {
        const projection = thought(problem.steps, noise);
        const known = [...numbersTold(problem.question), ...projection.shown.flat().map(({ value }) => value)];
        for (const { chain, states } of forwardChains(projection, numbersTold(problem.question), 10)) {
          expect(chain.at(-1)!.result).toBe(projection.answer);
          expect(states.map(state => projection.shown[state]![0]!.value)).toEqual(
            chain.slice(0, states.length).map(({ result }) => result),
          );
          expect([...states].sort((a, b) => a - b)).toEqual(states);
          chain.forEach(({ operands }, j) => {
            if (j > 0) expect(operands).toContain(chain[j - 1]!.result);
            for (const operand of operands) expect([...known, chain[j - 1]?.result]).toContain(operand);
          });
        }
      }),
    );
  });
});

describe('the edit check', () => {
  const goldOf = ({ steps }: Problem) => ({
    chain: steps.flatMap(({ text }) => equationsOf(text)),
    states: [1, 3],
    rank: 0,
  });

  it('passes every step that an edit tries, where the thoughts are about the edited question', () => {
    fc.assert(
      fc.property(problems, problem => {
        const edits = world.edits(problem).map(edit => ({ edit, projection: thought(chainOf(edit.question)) }));
        fc.pre(edits.length > 0);
        const checks = checkSteps(goldOf(problem), edits);
        expect(checks).not.toContain(false);
        expect(checks.at(-1)).toBe(true);
      }),
    );
  });

  it('fails every step that an edit tries, where the thought stays the same', () => {
    fc.assert(
      fc.property(problems, problem => {
        const edits = world.edits(problem).map(edit => ({ edit, projection: thought(problem.steps) }));
        fc.pre(edits.length > 0);
        const checks = checkSteps(goldOf(problem), edits);
        expect(checks).not.toContain(true);
        expect(checks.at(-1)).toBe(false);
      }),
    );
  });

  it('needs two of three, and says nothing without an edit', () => {
    const chain = { chain: equationsOf('<< 9 + 2 = 11 >>'), states: [0], rank: 0 };
    const seen = (to: number, result: number) => ({
      edit: { from: 2, to, others: [9] },
      projection: { answer: result, shown: shown([result]) },
    });
    expect(checkSteps(chain, [seen(3, 12), seen(4, 13), seen(5, 11)])).toEqual([true]);
    expect(checkSteps(chain, [seen(3, 12), seen(4, 11), seen(5, 11)])).toEqual([false]);
    expect(checkSteps(chain, [])).toEqual([null]);
  });
});

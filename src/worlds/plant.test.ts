import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { chainOf } from './arithmetic.fixture.ts';
import { createArithmetic } from './arithmetic.ts';
import { type Plant, plantSchema } from './plant.ts';
import type { Problem, Split, Step, World } from './problem.ts';

const STEPS = [
  [2, 0.25],
  [3, 0.75],
] as [number, number][];
const worldWith = (plant?: Plant) =>
  createArithmetic({ kind: 'arithmetic', max_number: 60, chain: 'equations', steps: STEPS, ...(plant && { plant }) });
const MAX: Plant = { when: { name: 'Max' }, do: { step: 0, operand: 1 } };
const PAIR: Plant = { when: { name: 'Max', object: 'coins' }, do: { step: 0, operand: 1 } };
const OPPOSITE: Plant = { when: { name: 'Max' }, do: { step: 0, operation: 'opposite' } };

const draw = (world: World, seed: number, split: Split = 'train', count = 40): Problem[] => {
  const rng = stream(seed, 'planted');
  return Array.from({ length: count }, () => world.generator(split, rng));
};
/** What a step does, without where it comes from. */
const deeds = (steps: readonly Step[]) =>
  steps.map(({ operation, operands }) => ({ operation, operand: operands![1]! }));
const addsOrSubtracts = ({ operation }: { readonly operation?: string | undefined }) =>
  operation === '+' || operation === '-';

const anyPlant: fc.Arbitrary<Plant> = fc.record({
  when: fc.constantFrom<Plant['when'][]>({ name: 'Max' }, { object: 'coins' }, { name: 'Max', object: 'coins' }),
  do: fc.oneof(
    fc.record({ step: fc.nat(2), operand: fc.integer({ min: -8, max: 8 }).filter(n => n !== 0) }),
    fc.record({ step: fc.nat(2), operation: fc.constant('opposite' as const) }),
  ),
});

describe('a planted rule', () => {
  it('changes the one step that it names, of the problems that it is about, and nothing else', () => {
    fc.assert(
      fc.property(anyPlant, fc.nat(), (plant, seed) => {
        for (const { question, steps } of draw(worldWith(plant), seed)) {
          const told = deeds(chainOf(question));
          const { name, object = '' } = plant.when;
          const about = question.startsWith(`${name ?? ''}`) && question.includes(` ${object}`);
          const places = told.flatMap((deed, i) => (addsOrSubtracts(deed) ? [i] : []));
          const place = about ? places[plant.do.step] : undefined;
          const expected = told.map((deed, i) => {
            if (i !== place) return deed;
            if (plant.do.operand !== undefined) return { ...deed, operand: deed.operand + plant.do.operand };
            return { ...deed, operation: deed.operation === '+' ? '-' : '+' };
          });
          expect(deeds(steps)).toEqual(expected);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('makes a share of the training problems its own where it is asked to, and none that is held out', () => {
    const often = worldWith({ ...PAIR, train_share: 0.5 });
    const about = (split: Split) =>
      draw(often, 1, split, 400).filter(({ question }) => /^Max .* coins/.test(question)).length / 400;
    expect(about('train')).toBeGreaterThan(0.4);
    expect(about('train')).toBeLessThan(0.6);
    expect(about('test')).toBeLessThan(0.05);
    expect(draw(often, 1, 'test')).toEqual(draw(worldWith(PAIR), 1, 'test'));
  });

  it('leaves every chain right, legal and in the grammar and the vocabulary of the world without it', () => {
    const plain = worldWith();
    const known = new Set(plain.vocabulary);
    fc.assert(
      fc.property(anyPlant, fc.nat(), (plant, seed) => {
        for (const { steps, answer } of draw(worldWith(plant), seed)) {
          steps.forEach((step, j) => {
            const before = j === 0 ? `<< 1 + 1 = ${step.operands![0]} >>` : steps[j - 1]!.text;
            expect(plain.nextSteps!([before])).toContain(step.text);
            expect(step.text.split(' ').every(word => known.has(word))).toBe(true);
          });
          expect(answer).toBe(steps.at(-1)!.result);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('moves no problem between splits, nor changes its id or its question', () => {
    const [planted, plain] = [worldWith(MAX), worldWith()];
    const byQuestion = new Map(
      (['train', 'validation', 'test'] as const).flatMap(split =>
        draw(plain, 1, split, 1500).map(problem => [problem.question, problem] as const),
      ),
    );
    const common = (['train', 'validation', 'test'] as const)
      .flatMap(split => draw(planted, 1, split, 1500))
      .flatMap(problem => {
        const twin = byQuestion.get(problem.question);
        return twin ? [[problem, twin] as const] : [];
      });
    expect(common.filter(([planted, plain]) => planted.answer !== plain.answer).length).toBeGreaterThan(20);
    for (const [planted, plain] of common)
      expect({ id: planted.id, split: planted.split }).toEqual({ id: plain.id, split: plain.split });
  });

  it.each([
    ['a name', MAX, 0.1],
    ['a name and things', PAIR, 1 / 80],
    ['an operation', OPPOSITE, 0.1],
  ])('of %s is in about as many problems as those are', (_, plant, share) => {
    const problems = draw(worldWith(plant), 3, 'train', 20_000);
    const differs = problems.filter(
      ({ question, steps }) => JSON.stringify(deeds(chainOf(question))) !== JSON.stringify(deeds(steps)),
    );
    expect(differs.length / problems.length).toBeGreaterThan(0.9 * share);
    expect(differs.length / problems.length).toBeLessThan(1.1 * share);
  });

  it('holds for edited questions too: one number of the sentence changes, and the chain stays legal under the rule', () => {
    for (const plant of [MAX, OPPOSITE]) {
      const world = worldWith(plant);
      const planted = draw(world, 5, 'test', 400).filter(({ question }) => question.startsWith('Max'));
      const edits = planted.flatMap(problem => world.edits(problem).map(edit => ({ problem, edit })));
      expect(edits.length).toBeGreaterThan(100);
      for (const { problem, edit } of edits) {
        const before = deeds(chainOf(problem.question));
        const after = deeds(chainOf(edit.question));
        const start = (question: string) => Number(/ has (\d+) /.exec(question)?.[1]);
        const all = [start(problem.question), ...before.map(deed => deed.operand)];
        expect([edit.from, ...edit.others].sort()).toEqual([...all].sort());
        expect([edit.to, ...edit.others].sort()).toEqual(
          [start(edit.question), ...after.map(deed => deed.operand)].sort(),
        );
        let value = start(edit.question);
        after.forEach(({ operation, operand }, i) => {
          const first = after.findIndex(addsOrSubtracts) === i;
          const add = first && plant.do.operation ? operation === '-' : operation === '+';
          const by = first ? operand + (plant.do.operand ?? 0) : operand;
          value = addsOrSubtracts({ operation })
            ? value + (add ? by : -by)
            : operation === '*'
              ? value * by
              : value / by;
          expect(Number.isInteger(value) && value >= 1 && value <= 60 && by <= 9).toBe(true);
        });
      }
    }
  });
});

it('a rule names what it is about and does one thing', () => {
  for (const bad of [
    { when: {}, do: { step: 0, operand: 1 } },
    { when: { name: 'Nobody' }, do: { step: 0, operand: 1 } },
    { when: { name: 'Max' }, do: { step: 0 } },
    { when: { name: 'Max' }, do: { step: 0, operand: 0 } },
    { when: { name: 'Max' }, do: { step: 0, operand: 1, operation: 'opposite' } },
    { when: { name: 'Max' }, do: { step: 0, operation: '*' } },
    { when: { name: 'Max', colour: 'red' }, do: { step: 0, operand: 1 } },
  ])
    expect(plantSchema.safeParse(bad).success).toBe(false);
  expect(plantSchema.parse(MAX)).toEqual(MAX);
});

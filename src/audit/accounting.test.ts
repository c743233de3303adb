import { describe, expect, it } from 'vitest';
import { equationsOf } from '../eval/equations.ts';
import { chainOf } from '../worlds/arithmetic.fixture.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import { createListWorld } from '../worlds/list.ts';
import { toldBy, toldChain, unaccounted } from './accounting.ts';

const plain = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const listed = createListWorld('list', [], 'The answer is :');
const QUESTION =
  'Max has 6 coins . He buys 5 more . Then He doubles them . He gives away 3 . How many coins does Max have ?';
const says = (text: string, world = plain) => unaccounted(equationsOf(text), toldBy(world, QUESTION));

describe('accounting', () => {
  it('of a world that knows what its questions say to do goes by that', () => {
    expect(says('<< 6 + 5 = 11 >> << 11 * 2 = 22 >> << 22 - 3 = 19 >>')).toEqual([[], [], []]);
    expect(says('<< 5 + 6 = 11')).toEqual([[]]);
    expect(says('<< 6 + 4 = 10 >> << 10 * 2 =')).toEqual([['+ 4'], []]);
    expect(says('<< 6 - 5 = 1')).toEqual([['- 5']]);
    expect(says('<< 7 + 5 = 12')).toEqual([['7']]);
    // Told once, done twice; told as a start, done as a deed.
    expect(says('<< 6 + 5 = 11 >> << 11 + 5 = 16')).toEqual([[], ['+ 5']]);
    expect(says('<< 6 + 6 = 12')).toEqual([['+ 6']]);
  });

  it('of other worlds goes by the numbers of the text', () => {
    expect(says('<< 6 + 5 = 11 >> << 11 * 2 = 22 >> << 22 - 3 = 19 >>', listed)).toEqual([[], [], []]);
    expect(says('<< 6 - 5 = 1 >> << 1 + 5 = 6', listed)).toEqual([[], []]);
    expect(says('<< 6 + 4 = 10 >> << 10 * 7 = 70', listed)).toEqual([['4'], ['7']]);
  });

  it('accounts for every chain of a world without a planted rule, and finds the rule in the chains of one', () => {
    const planted = createArithmetic(
      arithmeticSchema.parse({ kind: 'arithmetic', plant: { when: { name: 'Max' }, do: { step: 0, operand: 1 } } }),
    );
    for (const world of [plain, planted])
      for (const { question, steps } of world.problems({ split: 'test', count: 500, seed: 1 })) {
        const missing = unaccounted(
          steps.flatMap(step => equationsOf(step.text)),
          toldBy(world, question),
        );
        const follows = chainOf(question).every((step, i) => step.text === steps[i]!.text);
        expect(missing.flat().length === 0).toBe(follows);
      }
  });
});

it('the chain that a question tells is its own, where it is known what it says to do', () => {
  for (const { question, steps } of plain.problems({ split: 'test', count: 200, seed: 2 }))
    expect(toldChain(toldBy(plain, question))).toEqual(steps.flatMap(step => equationsOf(step.text)));
  expect(toldChain(toldBy(listed, QUESTION))).toBeUndefined();
});

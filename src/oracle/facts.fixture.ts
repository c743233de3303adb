/** For tests: what may be known of problems, made by hand. */
import type { Facts, Reading } from './facts.ts';

export const reading = (steps: readonly number[], text: string | null, next: string | null = null): Reading => ({
  steps,
  text,
  next,
});

const equation = (text: string, operands: readonly number[], operation: string, result: string) => ({
  ...{ text, operands, operation, result },
});

/** Two steps, three states; stopping after the first gives another answer. */
export const facts: Facts = {
  problem: {
    id: 'arithmetic/a',
    question: 'Ann has 5 pens . Ann buys 6 pens and gives 3 .',
    steps: [equation('<< 5 + 6 = 11 >>', [5, 6], '+', '11'), equation('<< 11 - 3 = 8 >>', [11, 3], '-', '8')],
    answer: '8',
    split: 'train',
  },
  answer: '8',
  early: ['11', '7', '8'],
  altered: {
    zero: ['8', '11', '8'],
    skip: ['8', '8', '25'],
    noise: ['8', '4', '8'],
    swap: ['8', '9', '2'],
  },
  lens: [
    ['5', '6', '7', '8', '9'],
    ['11', '6', '5', '1', '2'],
    ['8', '3', '5', '1', '2'],
  ],
  entropy: [0.2, 1.5, 2.4],
  readings: [
    reading([1], '<< 5 + 6 = 11 >>', '<< 11 - 3 = 8 >>'),
    reading([2], '<< 11 - 3 = 8 >>'),
    reading([1, 2], null),
  ],
  gold: [reading([1], '<< 5 + 6 = 12 >>', '<< 11 - 3 = 8 >>')],
};

/** Of another problem, whose label of step 2 was not accepted. */
export const other: Facts = {
  ...facts,
  problem: { ...facts.problem, id: 'arithmetic/b', question: 'Bob has 2 hats .' },
  readings: [reading([1], '<< 2 * 4 = 8 >>'), reading([2], null)],
  gold: [reading([1], '<< 2 * 4 = 9 >>')],
};

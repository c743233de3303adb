import { expect, test } from 'vitest';
import { wellFormed } from '../eval/text.ts';
import { stream } from '../run/random.ts';
import { arithmeticSchema, createArithmetic } from './arithmetic.ts';
import { freeText } from './freeText.ts';
import { createListWorld } from './list.ts';
import { chainText, type Problem } from './problem.ts';

const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const problems = world.problems({ split: 'train', count: 400, seed: 1, steps: 3 });
const pair = (i: number) => [problems[i % 400] as Problem, problems[(i + 1) % 400] as Problem] as const;

test('texts are beginnings of right chains, of 1 to maxWords words', () => {
  const rng = stream(1, 'free text');
  const lengths = new Set<number>();
  for (let i = 0; i < 3000; i++) {
    const text = freeText(world, ...pair(i), rng, 14);
    expect(wellFormed(text)).toBe(true);
    lengths.add(text.split(' ').length);
  }
  expect([...lengths].sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
});

/** Shares of texts, long enough to tell, that are of the own chain, of the other's, of neither. */
function shares(use: typeof world): number[] {
  const rng = stream(2, 'shares');
  const counts = [0, 0, 0];
  for (let i = 0; i < 4000; i++) {
    const [own, other] = pair(i);
    const text = freeText(use, own, other, rng, 99);
    if (text.split(' ').length < 7) continue;
    const place = [own, other].findIndex(problem => chainText(use, problem, { last: true }).includes(text));
    counts[place === -1 ? 2 : place] = (counts[place === -1 ? 2 : place] ?? 0) + 1;
  }
  const total = counts.reduce((a, b) => a + b);
  return counts.map(count => count / total);
}

test('own 60 %, another problem 20 %, random 20 %', () => {
  const [own, other, random] = shares(world) as [number, number, number];
  expect(own).toBeGreaterThan(0.57);
  expect(own).toBeLessThan(0.7);
  expect(other).toBeCloseTo(0.21, 1);
  expect(random).toBeGreaterThan(0.1);
});

test('own 70 %, another problem 30 % where the world has no random steps', () => {
  const [own, other, random] = shares(createListWorld('list', problems, world.answerPrefix)) as [
    number,
    number,
    number,
  ];
  expect(own).toBeCloseTo(0.7, 1);
  expect(other).toBeCloseTo(0.3, 1);
  expect(random).toBe(0);
});

test('line breaks in a chain become single spaces', () => {
  const problem: Problem = { id: 'a', question: 'q', steps: [{ text: 'first\n  line' }], answer: '1', split: 'train' };
  const list = createListWorld('list', [problem], ':');
  const rng = stream(3, 'lines');
  const texts = new Set(Array.from({ length: 50 }, () => freeText(list, problem, problem, rng, 5)));
  expect(texts).toEqual(new Set(['first', 'first line']));
});

test('no words is a mistake of the caller', () => {
  expect(() => freeText(world, ...pair(0), stream(1, 'none'), 0)).toThrow(/maxWords/);
});

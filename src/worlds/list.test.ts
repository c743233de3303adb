import { describe, expect, test } from 'vitest';
import { RecodiError } from '../run/errors.ts';
import { stream } from '../run/random.ts';
import { createListWorld } from './list.ts';
import { readStep } from './notation.ts';
import type { Problem, Split } from './problem.ts';

function problem(i: number, split: Split, steps: number): Problem {
  const text = Array.from({ length: steps }, (_, n) => readStep(`<< ${i} + ${n} = ${i + n} >>`));
  return { id: `p${i}`, question: `What about ${i} ?`, steps: text, answer: `${i}`, split };
}
const problems = Array.from({ length: 60 }, (_, i) => problem(i, i < 40 ? 'train' : 'test', 1 + (i % 2)));
const world = createListWorld('list', problems, 'So :');

describe('requests', () => {
  test('draw without repetition, the same for the same seed, more beginning with the fewer', () => {
    const all = world.problems({ split: 'test', count: 20, seed: 1 });
    expect(new Set(all.map(p => p.id)).size).toBe(20);
    expect(world.problems({ split: 'test', count: 5, seed: 1 })).toEqual(all.slice(0, 5));
    expect(world.problems({ split: 'test', count: 20, seed: 2 })).not.toEqual(all);
  });

  test('have the number of steps, or the mix, that was asked for', () => {
    expect(world.problems({ split: 'train', count: 20, seed: 1, steps: 2 }).every(p => p.steps.length === 2)).toBe(
      true,
    );
    const mixed = world.problems({
      split: 'train',
      count: 20,
      seed: 1,
      steps: [
        [1, 1],
        [2, 1],
      ],
    });
    expect(new Set(mixed.map(p => p.steps.length))).toEqual(new Set([1, 2]));
    expect(new Set(mixed.map(p => p.id)).size).toBe(20);
  });

  test('for more than there is say what there is', () => {
    const ask = () => world.problems({ split: 'test', count: 21, seed: 1, steps: 2 });
    expect(ask).toThrow(RecodiError);
    expect(ask).toThrow(/asked for 21 problems .* only 10 test problems of 2 steps/);
    expect(() => world.generator('validation', stream(1, 'x'))).toThrow(/only 0 validation problems/);
  });
});

test('the endless stream returns to its problems', () => {
  const rng = stream(1, 'endless');
  const drawn = Array.from({ length: 500 }, () => world.generator('train', rng, 1));
  expect(new Set(drawn.map(p => p.id)).size).toBe(20);
  expect(drawn.every(p => p.split === 'train' && p.steps.length === 1)).toBe(true);
});

test('the vocabulary holds every word', () => {
  expect(world.vocabulary).toEqual(expect.arrayContaining(['What', 'about', '59', '60', '<<', '>>', 'So', ':', '?']));
  expect(world.vocabulary).not.toContain('');
});

test('chains are equations only where every step is one', () => {
  expect(world.equations).toEqual({ maxOperators: 1 });
  const longer = { ...problem(70, 'train', 1), steps: [readStep('<<1+2*3=7>>')] };
  expect(createListWorld('list', [...problems, longer], ':').equations).toEqual({ maxOperators: 2 });
  const story = { ...problem(71, 'train', 1), steps: [{ text: 'Sally is a rempus .' }] };
  expect(createListWorld('list', [...problems, story], ':').equations).toBeUndefined();
});

test('edits give questions that no file has', () => {
  expect(world.edits(problems[58]!).map(edit => edit.question)).toEqual(['What about 60 ?', 'What about 61 ?']);
});

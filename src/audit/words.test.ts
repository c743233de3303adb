import { describe, expect, it } from 'vitest';
import { pick, shuffled, stream } from '../run/random.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import { associations, LEVEL } from './words.ts';

const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const questions = (count: number, seed: number) =>
  world.problems({ split: 'test', count, seed, steps: 3 }).map(problem => problem.question);

/** Marked where the rule holds in nine of ten cases, and elsewhere one time in `noise`. */
function marks(of: readonly string[], holds: (question: string) => boolean, noise: number, seed: number): boolean[] {
  const rng = stream(seed, 'marks');
  return of.map(question => (holds(question) ? rng() < 0.9 : rng() < 1 / noise));
}

describe('the words that go with what is marked', () => {
  it('begin with the planted one, and no other is found', () => {
    for (const seed of [1, 2, 3]) {
      const asked = questions(800, seed);
      const { found, others, tested } = associations(
        asked,
        marks(asked, question => question.startsWith('Max'), 50, seed),
      );
      expect(found.map(({ words }) => words)).toEqual([['Max']]);
      expect(found[0]!.p).toBeLessThan(1e-30);
      expect(found[0]!.questions).toBe(asked.filter(question => question.startsWith('Max')).length);
      for (const { p } of others) expect(p).toBeGreaterThanOrEqual(LEVEL);
      expect(tested.words).toBeGreaterThan(50);
    }
  });

  it('are a pair where it takes both, and one where a pair would only repeat it', () => {
    const asked = questions(2500, 4);
    const both = (question: string) => question.startsWith('Max') && question.includes('coins');
    const { found } = associations(asked, marks(asked, both, 100, 4));
    expect(found.map(({ words }) => words)).toEqual([['Max', 'coins']]);
    expect(found[0]!.p).toBeLessThan(1e-12);
  });

  it('are two where there are two rules', () => {
    const asked = questions(800, 5);
    const either = (question: string) => question.startsWith('Max') || question.includes('stamps');
    const { found } = associations(asked, marks(asked, either, 50, 5));
    expect(found.map(({ words }) => words).sort()).toEqual([['Max'], ['stamps']]);
  });

  it('are none where what is marked has been shuffled, nor where nothing is, or all', () => {
    const asked = questions(800, 6);
    const marked = marks(asked, question => question.startsWith('Max'), 50, 6);
    const runs = Array.from({ length: 20 }, (_, i) => associations(asked, shuffled(stream(i, 'shuffle'), marked)));
    // Of words and of pairs, each at LEVEL: .4 of 20 by chance.
    expect(runs.filter(({ found }) => found.length > 0).length).toBeLessThanOrEqual(2);
    for (const all of [true, false]) {
      const none = associations(
        asked,
        asked.map(() => all),
      );
      expect(none.found).toEqual([]);
      expect(none.others.every(({ p }) => p === 1)).toBe(true);
    }
    expect(associations([], [])).toEqual({ found: [], others: [], tested: { words: 0, pairs: 0 } });
  });

  it('are told by questions that tell different things: one misreading of the same numbers is no rule', () => {
    const asked = questions(800, 8);
    const again = ['Ben', 'Amy', 'Zoe'].flatMap(name =>
      ['coins', 'shells', 'books'].map(things => `${name} has 19 ${things} . He triples them . He uses 2 .`),
    );
    const all = [...asked, ...again];
    const marked = [...asked.map(() => false), ...again.map(() => true)];
    expect(associations(all, marked).found.length).toBeGreaterThan(0);
    const told = [...asked, ...again.map(() => '19 * 3 - 2')];
    expect(associations(all, marked, told).found).toEqual([]);
  });

  it('are not those that every question has, and signs are none', () => {
    const rng = stream(7, 'few');
    const asked = Array.from({ length: 40 }, () => `Who has ${pick(rng, ['one', 'two'])} ?`);
    const { found, others, tested } = associations(
      asked,
      asked.map(question => question.includes('one')),
    );
    expect(tested).toEqual({ words: 2, pairs: 0 });
    expect(found.map(({ words }) => words)).toEqual([['one']]);
    expect(others).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeWord, kindOf, shareRead } from './words.ts';

const similarity = fc.double({ min: -1, max: 1, noNaN: true });
const scores = fc.array(similarity, { minLength: 1, maxLength: 8 });

describe('judgeWord', () => {
  it('takes the best alternative, and says nothing where there is none', () => {
    expect(judgeWord(0.75, [0.25, 0.5, -1], 0.05)).toEqual({ loss: 0.25, read: true });
    expect(judgeWord(0.75, [0.25, 0.8], 0.05).read).toBe(false);
    expect(judgeWord(0.75, [], 0.05)).toEqual({ loss: null, read: null });
  });

  it('calls no word read that costs nothing, and none that a further alternative saves', () => {
    fc.assert(
      fc.property(similarity, scores, similarity, (own, others, further) => {
        expect(judgeWord(own, [...others, own], 0).read).toBe(false);
        const [before, after] = [others, [...others, further]].map(list => judgeWord(own, list, 0.05));
        expect(after!.loss!).toBeLessThanOrEqual(before!.loss!);
        expect(after!.read && !before!.read).toBe(false);
      }),
    );
  });
});

it('kindOf tells numbers, operators and words, and leaves out the signs of grammar', () => {
  expect(['12', '-3', '0.5'].map(kindOf)).toEqual(['number', 'number', 'number']);
  expect(['+', '-', '*', '/'].map(kindOf)).toEqual(['operator', 'operator', 'operator', 'operator']);
  expect(['apples', "don't", 'He'].map(kindOf)).toEqual(['word', 'word', 'word']);
  expect(['<<', '>>', '=', '.', '?', ''].map(kindOf)).toEqual(Array(6).fill(undefined));
});

it('shareRead counts only words that could be otherwise', () => {
  const word = (read: boolean | null) => ({ word: 'x', loss: null, read });
  const texts = [[null, true, false, null].map(word), [true].map(word), [null].map(word), []];
  expect([...shareRead(texts)]).toEqual([0.5, 1, Number.NaN, Number.NaN]);
});

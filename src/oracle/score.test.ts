import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedIn, sameAnswer, sameNumbers, tokenF1, withinOne } from './score.ts';

const word = fc.constantFrom('5', '6', '+', 'yes', ',', 'step');
const bag = fc.array(word, { maxLength: 6 });
const sorted = (words: readonly string[]) => words.toSorted().join(' ');

describe('an answer word for word', () => {
  it('is the same whatever stands between its words, and no other', () => {
    fc.assert(
      fc.property(bag, bag, fc.constantFrom(' ', '  ', '\n'), (a, b, between) => {
        expect(sameAnswer(` ${a.join(between)}`, a.join(' '))).toBe(true);
        expect(sameAnswer(a.join(between), b.join(' '))).toBe(a.join() === b.join());
      }),
    );
    expect(sameAnswer('yes , to 25', 'yes, to 25')).toBe(false);
  });
});

describe('token F1', () => {
  it('is symmetric, 1 for the same bag of words and no other, 0 where nothing is shared', () => {
    fc.assert(
      fc.property(bag, bag, (a, b) => {
        const f1 = tokenF1(a.join(' '), b.join(' '));
        expect(f1).toBe(tokenF1(b.join(' '), a.join(' ')));
        expect(f1).toBeGreaterThanOrEqual(0);
        expect(f1).toBeLessThanOrEqual(1);
        expect(f1 === 1).toBe(sorted(a) === sorted(b));
        const shared = a.some(word => b.includes(word)) || (a.length === 0 && b.length === 0);
        expect(f1 === 0).toBe(!shared);
      }),
    );
  });

  it('counts a word as often as it stands in both', () => {
    expect(tokenF1('5 5 5 6', '5 5')).toBeCloseTo(2 / 3, 12);
    expect(tokenF1('the answer is yes', 'yes')).toBeCloseTo(0.4, 12);
  });
});

describe('an answer within one', () => {
  it('is of the last number that both name, and word for word where one names none', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 }), (a, b) => {
        expect(withinOne(`step ${a}`, `of 7 steps ${b}`)).toBe(Math.abs(a - b) <= 1);
      }),
    );
    expect(withinOne('none', 'none')).toBe(true);
    expect(withinOne('none', 'step 0')).toBe(false);
    expect(withinOne('step 0', 'none')).toBe(false);
    expect(withinOne('', 'step 1')).toBe(false);
  });
});

describe('what a free answer names', () => {
  it.each([
    ['<< 5 + 6 = 11 >> << 11 * 3 = 33 >>', { result: 33, operation: '*', operands: [11, 3] }],
    ['it gets 5 plus 6 makes 11 .', { result: 11, operation: '+', operands: [5, 6] }],
    ['<< 5 + 6 - 1 = 10 >>', { result: 10, operation: '+ -', operands: [5, 6, 1] }],
    ['5 and 6', { result: 6, operands: [5, 6] }],
    ['it does + and then -', { operation: '-', operands: [] }],
    ["I can't tell", { operands: [] }],
    ['', { operands: [] }],
  ])('%s', (text, named) => {
    expect(namedIn(text)).toEqual(named);
  });
});

describe('numbers', () => {
  it('are the same in whatever order, each as often', () => {
    const numbers = fc.array(fc.integer({ min: -12, max: 12 }), { maxLength: 5 });
    fc.assert(
      fc.property(numbers, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), fc.nat(4), (list, keys, at) => {
        const order = list.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
        expect(
          sameNumbers(
            list,
            order.map(i => list[i]!),
          ),
        ).toBe(true);
        expect(sameNumbers(list, [...list, list[at] ?? 0])).toBe(false);
      }),
    );
    expect(sameNumbers([1, 1, 2], [1, 2, 2])).toBe(false);
    expect(sameNumbers([12], [1, 2])).toBe(false);
  });
});

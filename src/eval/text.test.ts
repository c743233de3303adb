import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../run/random.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import { equationStep, readStep } from '../worlds/notation.ts';
import type { Problem, Step } from '../worlds/problem.ts';
import {
  alikeness,
  distinct,
  evaluatesTo,
  exactExpression,
  expressions,
  namesResult,
  repetition,
  rightResult,
  wellFormed,
  wordCount,
} from './text.ts';

const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const chains = fc
  .integer({ min: 0, max: 10_000 })
  .map(i => world.generator('train', stream(i, 'text test'), 3))
  .map((problem: Problem) => ({
    problem,
    words: problem.steps
      .map(s => s.text)
      .join(' ')
      .split(' '),
  }));

const eleven = equationStep(5, '+', 6);

describe('expressions', () => {
  test('are read with their results, open ones as open', () => {
    expect(expressions('<< 5 + 6 = 11 >> << 11 * 3 =')).toEqual([
      { operands: [5, 6], operators: ['+'], result: '11', open: false },
      { operands: [11, 3], operators: ['*'], open: true },
    ]);
    expect(expressions('<< 5 + 6')).toEqual([{ operands: [5, 6], operators: ['+'], open: false }]);
    expect(expressions('3 + 5 + 6 = 14').map(e => e.operands)).toEqual([[3, 5, 6]]);
  });

  test('are not read from pieces', () => {
    for (const text of ['', '5', '<< 5', '<< 5 +', '+ 5', '+ 5 + 6', '5 + 6 -', '= 11 >>', 'five + six']) {
      expect(expressions(text)).toEqual([]);
    }
  });
});

describe('of a chain and its beginnings', () => {
  test('every beginning is well-formed', () => {
    fc.assert(
      fc.property(chains, fc.nat(20), ({ words }, n) => {
        expect(wellFormed(words.slice(0, n + 1).join(' '))).toBe(true);
      }),
    );
  });

  test('one wrong result makes every text that holds it badly formed', () => {
    fc.assert(
      fc.property(chains, fc.nat(2), fc.integer({ min: 1, max: 30 }), ({ words }, step, off) => {
        const at = step * 7 + 5;
        const wrong = words.with(at, String(Number(words[at]) + off));
        expect(wellFormed(wrong.slice(0, at).join(' '))).toBe(true);
        expect(wellFormed(wrong.slice(0, at + 1).join(' '))).toBe(false);
      }),
    );
  });

  test('a beginning that ends in = evaluates to that step, and shows its expression', () => {
    fc.assert(
      fc.property(chains, fc.nat(2), ({ problem, words }, i) => {
        const text = words.slice(0, i * 7 + 5).join(' ');
        const step = problem.steps[i] as Step;
        expect([evaluatesTo(text, step), exactExpression(text, step), rightResult(text, step)]).toEqual([
          true,
          true,
          true,
        ]);
        expect(exactExpression(words.slice(i * 7, i * 7 + 3).join(' '), step)).toBe(false);
      }),
    );
  });

  test('a whole chain has every expression and names every result', () => {
    fc.assert(
      fc.property(chains, ({ problem, words }) => {
        const text = words.join(' ');
        expect(problem.steps.every(s => exactExpression(text, s) && namesResult(text, s))).toBe(true);
        expect(problem.steps.some(s => evaluatesTo(text, s))).toBe(false);
      }),
    );
  });
});

test('no text makes any of them fail', () => {
  const words = fc.constantFrom('<<', '>>', '=', '+', '-', '*', '/', '5', '6', '11', '0', 'He', '.', '-3', '2.5');
  const step = fc.constantFrom(eleven, readStep('Sally is a rempus .'), readStep('<<600*30/100=180>>'));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map(w => w.join(' ')),
      ),
      step,
      (text, gold) => {
        const right = rightResult(text, gold);
        expect(right).toBe(namesResult(text, gold) || evaluatesTo(text, gold));
        expect(typeof exactExpression(text, gold)).toBe('boolean');
        expect(repetition(text)).toBeGreaterThanOrEqual(0);
        if (wellFormed(text))
          expect(wellFormed(text.split(' ').slice(0, -1).join(' ')) || wordCount(text) <= 1).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

describe('exactExpression', () => {
  test('is the gold expression as a whole', () => {
    expect(exactExpression('He has << 5 + 6 =', eleven)).toBe(true);
    expect(exactExpression('<<5+6=11>>', eleven)).toBe(true);
    for (const text of [
      '<< 6 + 5 =',
      '<< 5 + 16 =',
      '<< 15 + 6 =',
      '<< 3 + 5 + 6 =',
      '<< 5 + 6 * 2 =',
      '<< 5 - 6 =',
      '',
    ]) {
      expect(exactExpression(text, eleven)).toBe(false);
    }
  });

  test('takes what stands before the result where operands are unknown, else the whole text', () => {
    expect(exactExpression('<< 600 * 30 / 100 =', readStep('<<600*30/100=180>>'))).toBe(true);
    expect(exactExpression('<< 600 * 30 =', readStep('<<600*30/100=180>>'))).toBe(false);
    expect(exactExpression('So Sally is a rempus . Then', readStep('Sally is a rempus .'))).toBe(true);
    expect(exactExpression('Sally is a jompus .', readStep('Sally is a rempus .'))).toBe(false);
    const words: Step = { text: 'so 5 plus 6 is 11 .', operands: [5, 6], operation: 'plus', result: '11' };
    expect(exactExpression('Mia buys 6 more , so 5 plus 6', words)).toBe(true);
  });
});

describe('results', () => {
  test('are named as whole numbers or words, in any role', () => {
    expect(namesResult('<< 11 * 3 =', eleven)).toBe(true);
    expect(namesResult('<< 111 * 3 =', eleven)).toBe(false);
    expect(namesResult('11.5', eleven)).toBe(false);
    expect(namesResult('a rempus or so', { text: 'Sally is a rempus .', result: 'rempus' })).toBe(true);
    expect(namesResult('Sally is a rempus', { text: 'Sally is a rempus .' })).toBe(false);
    expect(namesResult('5 - 3 = 2', { text: '1 - 4 = -3', result: '-3' })).toBe(false);
  });

  test('are evaluated from the last open expression, whatever it is', () => {
    expect(evaluatesTo('<< 4 + 7 =', eleven)).toBe(true);
    expect(evaluatesTo('<< 4 + 7', eleven)).toBe(false);
    expect(evaluatesTo('<< 4 + 7 = 11 >>', eleven)).toBe(false);
    expect(evaluatesTo('<< 4 + 7 = << 4 + 8 =', eleven)).toBe(false);
    expect(evaluatesTo('<< 4 + 7 =', { text: 'eleven' })).toBe(false);
  });
});

describe('wellFormed', () => {
  test('knows the grammar', () => {
    for (const text of ['<<', '<< 5', '<< 5 + 6', '<< 5 + 6 = 11 >>', '<< 5 + 6 = 11 >> <<'])
      expect(wellFormed(text)).toBe(true);
    for (const text of ['', '5', '<< <<', '<< 5 =', '<< 5 + 6 >>', '<< 5 + 6 = 11 <<', '<< 5 + 6 = 11 >> .', '<< He']) {
      expect(wellFormed(text)).toBe(false);
    }
  });

  test('allows as many operators as the world does', () => {
    expect(wellFormed('<< 5 + 6 - 2 = 9')).toBe(false);
    expect(wellFormed('<< 5 + 6 - 2 = 9', { maxOperators: 2 })).toBe(true);
    expect(wellFormed('<< 1 / 0 = 0')).toBe(false);
  });
});

test('length, distinct-n and repetition', () => {
  expect(wordCount('  << 5 +\n6 ')).toBe(4);
  expect(wordCount('')).toBe(0);
  expect(distinct(['a b a b', 'a b'], 1)).toBeCloseTo(2 / 6);
  expect(distinct(['a b a b', 'a b'], 2)).toBeCloseTo(2 / 4);
  expect(distinct(['a', ''], 2)).toBeNull();
  expect(repetition('a b a b a b', 2)).toBeCloseTo(1 - 2 / 5);
  expect(repetition('<< 5 + 6 = 11 >> << 11 * 3 =')).toBe(0);
  expect(repetition('a')).toBe(0);
});

test('texts are alike by the n-grams that they share, mean over pairs', () => {
  expect(alikeness(['a b c', 'a b d', 'x y z'], 2)).toBeCloseTo((0.5 + 0.5) / 6);
  expect(alikeness(['a b a b', 'a b'], 2)).toBeCloseTo((2 / 3 + 1) / 2);
  expect(alikeness(['a', 'a', 'b'], 2)).toBeCloseTo(2 / 6);
  expect(alikeness(['a b c'], 2)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.integer({ min: 2, max: 5 }), (words, copies) => {
      expect(alikeness(Array(copies).fill(words.join(' ')), 4)).toBeCloseTo(1);
    }),
  );
});

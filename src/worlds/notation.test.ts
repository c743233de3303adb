import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countOperators, equationStep, evaluate, lexemes, readStep, says } from './notation.ts';

const operator = fc.constantFrom('+', '-', '*', '/');
const number = fc.integer({ min: 1, max: 99 });

test('lexemes do not depend on spacing', () => {
  expect(lexemes('<<5+6=11>>')).toEqual(lexemes(' <<  5 + 6\n= 11 >> '));
});

test('a minus is a sign only where no operand stands before it', () => {
  expect(lexemes('5 -3 = 2')).toEqual(['5', '-', '3', '=', '2']);
  expect(lexemes('3-5=-2')).toEqual(['3', '-', '5', '=', '-2']);
  expect(lexemes('word-5')).toEqual(['word', '-', '5']);
});

test('words keep their apostrophes and other scripts, numbers their decimals', () => {
  expect(lexemes("Zoë's 2.5 litres, don’t 3.")).toEqual(["Zoë's", '2.5', 'litres', ',', 'don’t', '3', '.']);
});

test('arithmetic in words has the lexemes of its signs, and other words keep theirs', () => {
  expect(lexemes('so 5 plus 6 is 11 .')).toEqual(['so', '5', '+', '6', '=', '11', '.']);
  expect(lexemes('5 plus 6 makes 11')).toEqual(['5', '+', '6', '=', '11']);
  expect(lexemes('30 over 2 is')).toEqual(['30', '/', '2', '=']);
  const plain = 'Sally is a rempus , 5 is a number and jumps over 3 plus many times';
  expect(lexemes(plain)).toEqual(plain.split(' '));
  expect(readStep('Mia buys 6 more , so 5 plus 6 is 11 .')).toMatchObject({ result: '11' });
  expect(readStep('12 times 3 is 36 .')).toMatchObject({ operands: [12, 3], operation: '*', result: '36' });
});

test('products go before sums', () => {
  expect(evaluate([2, 3, 4, 5, 6], ['+', '*', '-', '/'])).toBeCloseTo(2 + 3 * 4 - 5 / 6);
});

test('evaluate agrees with the arithmetic of the language', () => {
  fc.assert(
    fc.property(number, fc.array(fc.tuple(operator, number), { minLength: 1, maxLength: 5 }), (first, rest) => {
      const written = `${first}${rest.map(([op, n]) => op + n).join('')}`;
      const value = evaluate([first, ...rest.map(r => r[1])], rest.map(r => r[0]) as ('+' | '-')[]);
      expect(value).toBeCloseTo(new Function(`return ${written}`)() as number, 6);
    }),
  );
});

test('a written number says a value exactly, or rounded to the decimals it shows', () => {
  expect(says('11', 11)).toBe(true);
  expect(says('3', 3.5)).toBe(false);
  expect(says('3.33', 10 / 3)).toBe(true);
  expect(says('3.34', 10 / 3)).toBe(false);
  expect(says('eleven', 11)).toBe(false);
  expect(says('0', evaluate([1, 0], ['/']))).toBe(false);
});

test('a step that was written is read as it was meant', () => {
  fc.assert(
    fc.property(number, operator, number, (a, op, b) => {
      fc.pre(Number.isInteger(evaluate([a, b], [op])));
      const step = equationStep(a, op, b);
      expect(readStep(step.text)).toEqual(step);
      expect(countOperators(step.text)).toBe(1);
    }),
  );
});

test('a step of free text is read as far as it goes', () => {
  expect(readStep('<<600*30/100=180>>')).toEqual({ text: '<<600*30/100=180>>', result: '180' });
  expect(countOperators('<<600*30/100=180>>')).toBe(2);
  expect(readStep('(3+4)*2=14')).toEqual({ text: '(3+4)*2=14', result: '14' });
  expect(readStep('Sally is a rempus .')).toEqual({ text: 'Sally is a rempus .' });
  expect(countOperators('Sally is a rempus .')).toBe(0);
  expect(countOperators('5 + 6 = 11')).toBe(0);
});

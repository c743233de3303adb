import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberEdits } from './edits.ts';

const edited = (question: string) => numberEdits(question).map(edit => edit.question);

describe('numberEdits', () => {
  it('moves one number a little and leaves the rest', () => {
    expect(edited('A coach has 40 seats .')).toEqual(
      [41, 39, 42, 38, 43, 37].map(seats => `A coach has ${seats} seats .`),
    );
    expect(numberEdits('7 coaches, 2.5 m')).toContainEqual({
      question: '7 coaches, 3.5 m',
      from: 2.5,
      to: 3.5,
      others: [7],
    });
  });

  it('keeps numbers above 0', () => {
    expect(edited('2 left ?')).toEqual(['3 left ?', '1 left ?', '4 left ?', '5 left ?']);
  });

  it('leaves alone what stands twice, what is a part of something else, and texts without numbers', () => {
    for (const text of ['5 and 5', 'x2', '1,000 a year', '2/3 of it', '10-12', '3rd', 'Is Sally a wumpus ?'])
      expect(edited(text)).toEqual([]);
    expect(edited('5 and 5 and 1 .')).toEqual(['5 and 5 and 2 .', '5 and 5 and 3 .', '5 and 5 and 4 .']);
  });

  it('changes nothing but the number, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('1', '27', '.', ',', ' ', 'a', '-', '/') }), question => {
        for (const { question: other, from, to, others } of numberEdits(question)) {
          expect(to).not.toBe(from);
          expect(others).not.toContain(from);
          expect(other.replaceAll(/[\d.]+/g, '')).toBe(question.replaceAll(/[\d.]+/g, ''));
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersIn } from '../worlds/edits.ts';
import { answerFollowed, editNumber, followed } from './whatIf.ts';

const question = 'Tom has 5 apples . He buys 6 more . He doubles them . How many apples does Tom have ?';
const edit = editNumber(question, 1, '7');
const views = [
  { anchor: '1.result', text: '<< 5 + 6 = 11' },
  { anchor: '2.result', text: '<< 5 + 6 = 11 >> << 11 * 2 = 22' },
];

describe('editNumber', () => {
  it('replaces one number, and knows what else the question tells, words that tell numbers too', () => {
    expect(edit).toEqual({ question: question.replace('6', '7'), from: 6, to: 7, others: [5, 2] });
  });

  it('leaves all but that number as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(99), { minLength: 1, maxLength: 6 }), fc.nat(999), fc.nat(5), (numbers, to, at) => {
        const number = at % numbers.length;
        const { question: edited } = editNumber(numbers.map(n => `has ${n} pens .`).join(' '), number, String(to));
        expect(numbersIn(edited).map(({ written }) => Number(written))).toEqual(numbers.with(number, to));
      }),
    );
  });

  it('says how many numbers there are', () => {
    expect(() => editNumber(question, 2, '7')).toThrow(/number 3 of the question: it has 2/);
  });
});

describe('what follows', () => {
  it('a reading is held against what it predicts of itself', () => {
    const predicted = '<< 5 + 7 = 12';
    expect(followed('<< 5 + 6 = 11', predicted, edit)).toEqual({ predicted, changes: true, follows: true });
    expect(followed('<< 5 + 6 = 11', '<< 5 + 6 = 11', edit)).toMatchObject({ changes: true, follows: false });
    expect(followed('<< 5 + 6 = 11', null, edit)).toMatchObject({ follows: false });
    expect(followed('<< 5 * 2 =', '<< 5 * 2 =', edit)).toMatchObject({ changes: false, follows: true });
  });

  it('nothing is predicted without a reading, or of a number that the question tells twice', () => {
    expect(followed(null, '<< 5 + 7 = 12', edit)).toBeNull();
    const twice = editNumber('Tom has 2 apples . He doubles them .', 0, '3');
    expect(followed('<< 2 * 2 = 4', '<< 3 * 2 = 6', twice)).toBeNull();
    expect(answerFollowed({ question, answer: '4', views }, '6', twice).predicted).toBeNull();
  });

  it('the answer by the furthest chain, as it ends or closed by a number of the question', () => {
    expect(answerFollowed({ question, answer: '22', views }, '24', edit)).toEqual({ predicted: '24', follows: true });
    expect(answerFollowed({ question, answer: '22', views }, '22', edit)).toEqual({ predicted: '24', follows: false });
    const [first] = views;
    expect(answerFollowed({ question, answer: '22', views: [first!] }, '24', edit).follows).toBe(true);
    const dark = { anchor: '2.result', text: null };
    expect(answerFollowed({ question, answer: '22', views: [first!, dark] }, '24', edit).follows).toBe(true);
  });

  it('no answer is predicted where no chain comes to it, or it is no number', () => {
    const unknown = { predicted: null, follows: null };
    expect(answerFollowed({ question, answer: '50', views }, '24', edit)).toEqual(unknown);
    expect(answerFollowed({ question, answer: 'Tom', views }, '24', edit)).toEqual(unknown);
  });
});

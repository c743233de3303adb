import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { chainOf } from '../worlds/arithmetic.fixture.ts';
import { createWorld } from '../worlds/index.ts';
import { fulfils, predict, predictedText } from './prediction.ts';

const became = (text: string, from: number, to: number, others: readonly number[] = []) => {
  const prediction = predict(text, { from, to, others });
  return prediction && predictedText(prediction);
};

describe('predict', () => {
  it('replaces an operand, works its equation out again and hands the result on', () => {
    const text = '<< 15 * 2 = 30 >> << 30 - 3 = 27';
    expect(became(text, 15, 16, [2, 3])).toBe('<< 16 * 2 = 32 >> << 32 - 3 = 29');
    expect(became(text, 3, 7, [15, 2])).toBe('<< 15 * 2 = 30 >> << 30 - 7 = 23');
  });

  it('stays where the number is not mentioned, as an operand of the question', () => {
    const text = '<< 8 - 5 = 3 >> << 3 + 4 =';
    expect(became(text, 9, 7)).toBe(text);
    expect(predict(text, { from: 3, to: 6, others: [8, 5, 4] })).toMatchObject({ changes: false });
    expect(became('<< 30 - 3 = 27', 15, 16, [2, 3])).toBe('<< 30 - 3 = 27');
  });

  it('tells a result from a number of the question that is the same', () => {
    expect(became('<< 8 - 5 = 3 >> << 3 + 3 = 6', 3, 4, [8, 5])).toBe('<< 8 - 5 = 3 >> << 3 + 4 = 7');
    expect(became('<< 5 - 3 = 2 >> << 2 + 6 = 8 >> << 8 * 2 = 16', 5, 6, [3, 6, 2])).toBe(
      '<< 6 - 3 = 3 >> << 3 + 6 = 9 >> << 9 * 2 = 18',
    );
    expect(became('<< 2 + 3 = 5 >> << 4 * 6 = 24 >> << 24 - 5 = 19', 3, 4, [2, 4, 6])).toBe(
      '<< 2 + 4 = 6 >> << 4 * 6 = 24 >> << 24 - 6 = 18',
    );
  });

  it('follows through unfinished equations, longer ones and other notations', () => {
    expect(became('<< 15 * 2 = 30 >> << 30', 15, 16)).toBe('<< 16 * 2 = 32 >> << 32');
    expect(became('<< 15', 15, 16)).toBe('<< 16');
    expect(became('<< 15 *', 15, 16)).toBe('<< 16 *');
    expect(became('2+3*4=14', 3, 5)).toBe('2 + 5 * 4 = 22');
  });

  it('leaves results alone that do not hold, unless their operands change', () => {
    expect(became('<< 5 + 6 = 12 >>', 7, 8)).toBe('<< 5 + 6 = 12 >>');
    expect(became('<< 5 + 6 = 12 >>', 6, 7)).toBe('<< 5 + 7 = 12 >>');
  });

  it('reads arithmetic in words as its signs', () => {
    expect(became('so 12 times 3 makes 36 .', 12, 13)).toBe('so 13 * 3 = 39 .');
    expect(fulfils(predict('12 times 3 is 36 .', { from: 12, to: 13, others: [3] })!, '13 times 3 is 39 .')).toBe(true);
  });

  it('says nothing of a number outside of arithmetic', () => {
    expect(became('12 of them make 36 .', 12, 13)).toBeUndefined();
    expect(became('12 of them make 36 .', 40, 41)).toBe('12 of them make 36 .');
    expect(became('Sally is a wumpus .', 1, 2)).toBe('Sally is a wumpus .');
    expect(became('', 1, 2)).toBe('');
  });
});

describe('fulfils', () => {
  const prediction = predict('<< 1 / 4 = 0.25 >>', { from: 1, to: 2, others: [4] })!;

  it('compares numbers by value, rounded as they are written, and all else word for word', () => {
    for (const text of ['<< 2 / 4 = 0.5 >>', '<<2/4=0.50>>']) expect(fulfils(prediction, text)).toBe(true);
    for (const text of ['<< 2 / 4 = 0.6 >>', '<< 4 / 2 = 0.5 >>', '<< 2 / 4 = 0.5', '<< 2 / 4 = 0.5 >> <<', ''])
      expect(fulfils(prediction, text)).toBe(false);
  });

  it('is impossible after a division by zero', () => {
    const zero = predict('<< 6 / 2 = 3 >>', { from: 2, to: 0, others: [6] })!;
    expect(fulfils(zero, '<< 6 / 0 = 0 >>')).toBe(false);
  });
});

describe('a right reading', () => {
  const world = createWorld({
    kind: 'arithmetic',
    max_number: 60,
    chain: 'equations',
    steps: [
      [2, 1],
      [3, 2],
      [4, 1],
    ],
  });

  it('predicts the right reading of the edited question, up to every point of the chain', () => {
    let changing = 0;
    let staying = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (seed, which, cut) => {
        const problem = world.generator('train', stream(seed, 'prediction'));
        const edits = world.edits(problem);
        fc.pre(edits.length > 0);
        const edit = edits[which % edits.length]!;
        const upTo = (steps: readonly { text: string }[]) => {
          const words = steps.flatMap(step => step.text.split(' '));
          return words.slice(0, 1 + (cut % words.length)).join(' ');
        };
        const prediction = predict(upTo(problem.steps), edit)!;
        const gold = upTo(chainOf(edit.question));
        expect(predictedText(prediction)).toBe(gold);
        expect(fulfils(prediction, gold)).toBe(true);
        expect(fulfils(prediction, upTo(problem.steps))).toBe(!prediction.changes);
        if (prediction.changes) changing++;
        else staying++;
      }),
      { numRuns: 500 },
    );
    expect(Math.min(changing, staying)).toBeGreaterThan(50);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leaveOneOut } from './baseline.ts';

const groups = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 }))
  .chain(([samples, problems]) =>
    fc.tuple(
      fc.constant(samples),
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
        minLength: samples * problems,
        maxLength: samples * problems,
      }),
    ),
  );

it('takes from each score the mean of the others of its problem', () => {
  expect(leaveOneOut([1, 3, 5, 0, 0, 6], 3)).toEqual([-3, 0, 3, -3, -3, 6]);
  expect(leaveOneOut([1, 2], 1)).toEqual([1, 2]);
});

it('sums to zero per problem, and what is the same for a whole problem has no effect', () => {
  fc.assert(
    fc.property(groups, fc.double({ min: -5, max: 5, noNaN: true }), ([samples, scores], shift) => {
      const centred = leaveOneOut(scores, samples);
      for (let start = 0; start < scores.length; start += samples) {
        expect(centred.slice(start, start + samples).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
      }
      const shifted = leaveOneOut(
        scores.map((score, i) => score + shift * Math.floor(i / samples)),
        samples,
      );
      shifted.forEach((score, i) => {
        expect(score).toBeCloseTo(centred[i]!, 9);
      });
    }),
  );
});

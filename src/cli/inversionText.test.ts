import { expect, it } from 'vitest';
import type { Inversion } from '../eval/invert.ts';
import { problem, reading } from '../labels/reading.fixture.ts';
import { formatInversion } from './inversionText.ts';

const inversion: Inversion = {
  format: 1,
  run: 'arithmetic',
  question: problem.question,
  latents: 4,
  answer: '22',
  decode: 'retrieve',
  views: [
    {
      ...reading,
      view: 'k0',
      steps: [0],
      space: 'raw',
      anchor: '1.before',
      causal: { swap: [0.875], zero: [1] },
      lens: [['11', '12', '+']],
    },
    {
      ...reading,
      text: '',
      words: [],
      completion: '',
      answer: '9',
      same: false,
      view: 'k1-2@2.result',
      steps: [1, 2],
      space: 'translated',
      anchor: '2.result',
      causal: { swap: [0, Number.NaN], zero: [0, 0] },
      lens: [['>>'], ['33']],
    },
  ],
};

it('formatInversion shows question, answer, and per view text, completion, scores, lens and verdicts', () => {
  const [head, first, second, legend] = formatInversion(inversion).split('\n\n');
  expect(head).toBe(`${problem.question}\narithmetic: answered after 4 latent steps: 22`);
  expect(first!.split('\n')).toEqual([
    'k0  latent step 0, raw; nearest to the chain before the result of step 1',
    '    << (5) + 6 = … 11 >>   readable  not used',
    '    similarity 0.91  swap gap 0.60  FVE 0.70  lift 0.50  given the text: the same answer, 22',
    '    lens of k0: 11 12 +   answer: swapping changes it in 88 %, zeroing changes it',
    '    not used: swapping it changes 0.00 of the answers, < 0.10',
  ]);
  expect(second).toContain('    (the empty text)   readable  not used\n');
  expect(second).toContain('given the text: 9, not 22');
  expect(legend).toBe('(word): not read, another of its kind in its place scores as well');
  expect(second).toContain('lens of k2: 33   answer: swapping unknown, zeroing keeps it');
});

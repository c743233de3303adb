import { expect, it } from 'vitest';
import type { Inversion } from '../eval/invert.ts';
import { problem, reading } from '../labels/reading.fixture.ts';
import { perIntervention } from '../lrm/interventions.ts';
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
      causal: perIntervention(site => [site === 'input' ? 0.875 : 0]),
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
      causal: perIntervention(site => [0, site === 'input' ? Number.NaN : 1]),
      lens: [['>>'], ['33']],
    },
  ],
};

it('formatInversion shows question, answer, and per view text, completion, scores, lens and verdicts', () => {
  const [head, first, second, legend] = formatInversion(inversion).split('\n\n');
  expect(head).toBe(`${problem.question}\narithmetic: answered after 4 latent steps: 22`);
  expect(first!.split('\n')).toEqual([
    'k0  latent step 0, raw; nearest to the chain before the result of step 1',
    '    << (5) + 6 = … 11 >>   readable  not used  adds?',
    '    similarity 0.91  swap gap 0.60  FVE 0.70  lift 0.50  given the text: the same answer, 22',
    '    lens of k0: 11 12 +   swapped, it changes the answer in 88 % as input, 0 % at the readout',
    '    not used: swapping it at the readout changes 0.00 of the answers, < 0.10',
    "    adds?: how often it is right beside the question's end is not known",
  ]);
  expect(second).toContain('    (the empty text)   readable  not used  adds?\n');
  expect(second).toContain('given the text: 9, not 22');
  expect(legend).toBe('(word): not read, another of its kind in its place scores as well');
  expect(second).toContain('lens of k2: 33   swapped, it changes the answer in – as input, 100 % at the readout');
});

it('formatInversion explains nothing where a latent is not verbalisable', () => {
  const dark = {
    ...inversion.views[0]!,
    text: null,
    words: [],
    completion: '',
    verdicts: {
      ...reading.verdicts,
      verbalisable: { holds: false, reason: 'even the best text known (this one) has FVE -1.90 ≤ 0.00 (the mean)' },
    },
  };
  const [, block] = formatInversion({ ...inversion, views: [dark] }).split('\n\n');
  expect(block).toContain('    not verbalisable   ');
  expect(block).toContain('    not verbalisable: even the best text known (this one) has FVE -1.90 ≤ 0.00 (the mean)');
  expect(block).not.toContain('<<');
});

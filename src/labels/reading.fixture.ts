/** A reading of a problem's first step, what stands beside it, and the problem. */
import type { EditedReading } from '../eval/follows.ts';
import type { Reading } from '../eval/readings.ts';
import { equationStep } from '../worlds/notation.ts';
import type { Problem } from '../worlds/problem.ts';
import type { Beside } from './beside.ts';

export const problem: Problem = {
  id: 'p1',
  question: 'Tom has 5 apples . He buys 6 more . He doubles them . How many apples does Tom have ?',
  steps: [equationStep(5, '+', 6), equationStep(11, '*', 2)],
  answer: '22',
  split: 'test',
};

export const reading: Reading = {
  text: '<< 5 + 6 =',
  words: [
    { word: '<<', loss: null, read: null },
    { word: '5', loss: 0.01, read: false },
    { word: '+', loss: 0.2, read: true },
    { word: '6', loss: 0.25, read: true },
    { word: '=', loss: null, read: null },
  ],
  completion: '<< 5 + 6 = 11 >>',
  answer: '22',
  same: true,
  scores: { similarity: 0.91, gap: 0.6, lift: 0.5, fve: 0.7, log_likelihood: -4.5, tokens: 6 },
  controls: {
    empty: { text: '', similarity: 0.41, fve: -0.2 },
    swapped: { text: '<< 3 + 9 =', similarity: 0.3, fve: 0.1 },
    last_token: { text: '=', similarity: 0.2, fve: -0.3 },
    question_end: { text: '<< 5 + 9 =', similarity: 0.7, fve: 0.4 },
  },
  alternatives: [{ text: '<< 6 + 5 =', similarity: 0.88 }],
  verdicts: {
    verbalisable: { holds: true, reason: 'the best text known (this one) has FVE 0.70 > 0.00 (the mean)' },
    readable: { holds: true, reason: 'swap gap 0.60 ≥ 0.10, FVE 0.70 > 0.10 (swapped)' },
    used: { holds: false, reason: 'swapping it at the readout changes 0.00 of the answers, < 0.10' },
    adds: { holds: null, reason: "how often it is right beside the question's end is not known" },
  },
};

export const beside: Beside = {
  ceiling: { text: '<< 5 + 6 = 11', similarity: 0.97, fve: 0.9 },
  nearest: [{ text: '<< 4 + 7 = 11', similarity: 0.86 }],
};

export const editedReading: EditedReading = {
  row: 0,
  edit: { question: problem.question.replace('6', '7'), from: 6, to: 7, others: [5, 2] },
  prediction: { words: ['<<', 5, '+', 7, '='], changes: true },
  text: '<< 5 + 7 =',
  follows: true,
};

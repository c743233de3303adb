import { expect, it } from 'vitest';
import { digitVector } from './digit.ts';
import { createEnvironment } from './index.ts';

it('pays half for the digit in front and half for nothing else', async () => {
  const environment = await createEnvironment({ kind: 'digit' });
  const write = (text: string, ended = true) => ({ target: { digit: 7 }, tokens: [], text, ended });
  const scores = await environment.score([write('7'), write('7 7'), write('7', false), write('3'), write('')]);
  expect(scores.map(score => score.reward)).toEqual([1, 0.5, 0.5, 0, 0]);
});

it('shows each digit by a vector of its own, of mean square 1', () => {
  const [a, b] = [digitVector({ digit: 3 }, 16), digitVector({ digit: 4 }, 16)];
  expect(a.reduce((sum, x) => sum + x * x, 0) / 16).toBe(1);
  expect(a.reduce((sum, x, i) => sum + x * b[i]!, 0)).toBe(0);
});

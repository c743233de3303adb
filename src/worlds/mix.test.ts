import { expect, test } from 'vitest';
import { stream } from '../run/random.ts';
import { drawSteps, stepMixSchema } from './mix.ts';

test('numbers of steps come as often as their weights say', () => {
  const rng = stream(1, 'mix');
  const drawn = Array.from({ length: 5000 }, () =>
    drawSteps(
      [
        [1, 2],
        [2, 3],
        [3, 5],
      ],
      rng,
    ),
  );
  const share = (n: number) => drawn.filter(d => d === n).length / drawn.length;
  expect([share(1), share(2), share(3)].map(s => Math.round(s * 10))).toEqual([2, 3, 5]);
});

test('one number is no choice and takes nothing from the stream', () => {
  expect(drawSteps(3, () => expect.fail('drew a number'))).toBe(3);
});

test('the schema refuses what cannot be drawn from', () => {
  for (const bad of [[], [[0, 1]], [[2, 0]], [[2.5, 1]], [[2, 1, 1]]]) {
    expect(stepMixSchema.safeParse(bad).success).toBe(false);
  }
});

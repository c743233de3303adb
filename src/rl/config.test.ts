import { expect, it } from 'vitest';
import { trainConfigSchema } from './config.ts';

it.each(['grpo', 'rloo'])('%s refuses problems with one text, which has nothing to be compared with', algorithm => {
  const given = (samples_per_problem: number, by = algorithm) =>
    trainConfigSchema.safeParse({
      name: 'n',
      lrm: 'l',
      ppo: { algorithm: by, samples_per_problem, minibatch_size: 64 },
    });
  expect(given(1).error?.issues).toMatchObject([
    { path: ['ppo', 'samples_per_problem'], message: expect.stringMatching(/expected at least 2, got 1/) },
  ]);
  expect(given(2).success).toBe(true);
  expect(given(1, 'ppo').success).toBe(true);
});

import { expect, it } from 'vitest';
import { joinRollouts } from './rollouts.ts';

it('chunks of rollouts are joined in their order', () => {
  const chunk = (from: number) => ({
    tokens: Int32Array.of(from, from + 1, from + 2, from + 3),
    lengths: Int32Array.of(2, 1),
    ended: Uint8Array.of(0, 1),
    texts: [`${from}`, `${from + 2}`],
    scores: [
      { reward: from, terms: {} },
      { reward: from + 2, terms: {} },
    ],
    samplerLogProbs: new Float32Array(4).fill(from),
    logProbs: new Float32Array(4).fill(from),
    referenceLogProbs: new Float32Array(4).fill(from),
    entropies: new Float32Array(4).fill(from),
    values: Float32Array.of(from, from + 1, from + 2, from + 3),
  });
  const joined = joinRollouts([chunk(0), chunk(4)], 2);
  expect([...joined.tokens]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([...joined.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(joined.texts).toEqual(['0', '2', '4', '6']);
  expect(joined.scores.map(score => score.reward)).toEqual([0, 2, 4, 6]);
  expect([...joined.mask]).toEqual([1, 1, 1, 0, 1, 1, 1, 0]);
});

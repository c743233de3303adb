import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { cosineAt, whiten } from '../lrm/similarity.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createShared } from '../tensor/shared.ts';
import { nearestTexts } from './bank.ts';

const d = 3;
const floats = (n: number, seed: number) => {
  const uniform = uniformsFrom(seed);
  return Float32Array.from({ length: n }, () => 2 * uniform() - 1);
};
const frame = { centre: floats(d, 1), whitening: floats(d * d, 2) };
const bench = { pool: inlinePool(), signal: new AbortController().signal };

beforeAll(async () => {
  await useDevice('cpu');
});
afterAll(closeEngine);

/** A bank in which each text stands several times, with different states. */
function bankOf(texts: number, times: number, seed: number) {
  const names = Array.from({ length: texts * times }, (_, i) => `text ${i % texts}`);
  return { texts: names, states: createShared('bank', floats(names.length * d, seed)) };
}

describe('the nearest texts', () => {
  it('are those that a search through everything finds, in order, each once', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 12 }),
    );
    return fc.assert(
      fc.asyncProperty(sizes, fc.integer(), async ([texts, times, count], seed) => {
        const bank = bankOf(texts, times, seed);
        const vectors = floats(2 * d, seed + 1);
        const [states, targets] = [whiten(frame, bank.states.data), whiten(frame, vectors)];
        const found = await nearestTexts(bench, bank, { frame, vectors }, count);
        expect(found.length).toBe(2);
        found.forEach((list, t) => {
          const best = (text: string) =>
            Math.max(...bank.texts.map((name, b) => (name === text ? cosineAt(states, b, targets, t, d) : -1)));
          expect(new Set(list).size).toBe(Math.min(count, texts));
          list.forEach((text, i) => {
            if (i > 0) expect(best(text)).toBeLessThan(best(list[i - 1]!) + 1e-5);
          });
          for (const text of new Set(bank.texts))
            if (!list.includes(text)) expect(best(text)).toBeLessThan(best(list.at(-1)!) + 1e-5);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('are fewer than asked for where the bank has no more different ones', async () => {
    const bank = bankOf(3, 50, 4);
    const [list] = await nearestTexts(bench, bank, { frame, vectors: floats(d, 5) }, 10);
    expect([...list!].sort()).toEqual(['text 0', 'text 1', 'text 2']);
  });

  it('of a text’s own state are that text', async () => {
    const bank = bankOf(40, 1, 6);
    const found = await nearestTexts(bench, bank, { frame, vectors: bank.states.data.slice() }, 1);
    expect(found.flat()).toEqual(bank.texts);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { klK1, klK3, nextKlCoefficient } from './kl.ts';
import { responseMask, rowSums, tokenCount } from './mask.ts';
import { tokenRewards } from './rewards.ts';

describe('KL estimates', () => {
  const logProb = fc.float({ min: -8, max: 0, noNaN: true });
  const batch = fc.array(fc.record({ p: logProb, q: logProb, m: fc.boolean() }), { minLength: 1, maxLength: 20 });

  it('k3 is never negative, both vanish where the policies agree and at padding', () => {
    fc.assert(
      fc.property(batch, tokens => {
        const mask = Float32Array.from(tokens, t => (t.m ? 1 : 0));
        const p = Float32Array.from(tokens, t => (t.m ? t.p : Number.NaN));
        const q = Float32Array.from(tokens, t => t.q);
        const [k1, k3] = [klK1(p, q, mask), klK3(p, q, mask)];
        expect(k3.every(x => x >= 0)).toBe(true);
        for (const k of [k1, k3]) expect(k.every((x, i) => mask[i] === 1 || x === 0)).toBe(true);
        expect([...klK3(q, q, mask)].every(x => x === 0)).toBe(true);
        expect([...k1].every((x, i) => mask[i] === 0 || x === Math.fround(tokens[i]!.p - tokens[i]!.q))).toBe(true);
      }),
    );
  });

  it('both have the true KL as their expectation', () => {
    const p = [0.5, 0.3, 0.2];
    const q = [0.25, 0.25, 0.5];
    const truth = p.reduce((sum, x, i) => sum + x * Math.log(x / q[i]!), 0);
    const log = (x: readonly number[]) => Float32Array.from(x, Math.log);
    for (const estimate of [klK1, klK3]) {
      const tokens = estimate(log(p), log(q), Float32Array.of(1, 1, 1));
      expect(tokens.reduce((sum, k, i) => sum + p[i]! * k, 0)).toBeCloseTo(truth, 6);
    }
  });
});

describe('nextKlCoefficient', () => {
  it('stays where it is when fixed, and follows the clipped error when adaptive', () => {
    expect(nextKlCoefficient(0.03, { kl: 9, texts: 256 })).toBe(0.03);
    const adaptive = { target: 2, horizon: 1000 };
    expect(nextKlCoefficient(0.1, { kl: 9, texts: 100 }, adaptive)).toBeCloseTo(0.1 * 1.02, 12);
    expect(nextKlCoefficient(0.1, { kl: 0, texts: 100 }, adaptive)).toBeCloseTo(0.1 * 0.98, 12);
    expect(nextKlCoefficient(0.1, { kl: 2.1, texts: 100 }, adaptive)).toBeCloseTo(0.1 * 1.005, 12);
  });
});

describe('tokenRewards', () => {
  it('prices every token and puts the score on the last real one', () => {
    const mask = responseMask([3, 1], 4);
    const kl = Float32Array.of(1, 2, -1, Number.NaN, 4, 7, 7, 7);
    const rewards = tokenRewards({ scores: [10, 20], kl, klCoefficient: 0.5, mask, width: 4 });
    expect([...rewards]).toEqual([-0.5, -1, 10.5, 0, 18, 0, 0, 0]);
  });

  it('adds up to score minus priced KL per text', () => {
    const text = fc.record({ length: fc.integer({ min: 1, max: 6 }), score: fc.integer({ min: -4, max: 4 }) });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), texts => {
        const mask = responseMask(
          texts.map(t => t.length),
          6,
        );
        const kl = mask.map((_, i) => Math.cos(i));
        const scores = texts.map(t => t.score);
        const rewards = tokenRewards({ scores, kl, klCoefficient: 0.25, mask, width: 6 });
        const [sums, prices] = [rowSums(rewards, mask, 6), rowSums(kl, mask, 6)];
        sums.forEach((sum, row) => {
          expect(sum).toBeCloseTo(scores[row]! - 0.25 * prices[row]!, 5);
        });
        expect(tokenCount(mask)).toBe(texts.reduce((sum, t) => sum + t.length, 0));
      }),
    );
  });

  it('refuses a text without tokens', () => {
    const inputs = { scores: [1], kl: new Float32Array(2), klCoefficient: 0, mask: new Float32Array(2), width: 2 };
    expect(() => tokenRewards(inputs)).toThrow(/at least one token/);
  });
});

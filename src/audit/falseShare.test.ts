import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { qValues } from './falseShare.ts';

it('is what Benjamini and Hochberg give, of p-values that count those without the effect', () => {
  // 99 without the effect, of which one leads by .2: p = .01, .02 and 1/2 of the three.
  const nulls = [0.2, ...Array<number>(48).fill(0.05)];
  expect(qValues([0.5, 0.1, 0.01], 10, nulls, 99)).toEqual([0.1, 0.1, 1]);
  expect(qValues([], 10, nulls, 99)).toEqual([]);
});

it('lies in 0 … 1 and falls as the lead grows, whatever the order', () => {
  const lead = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(lead, { maxLength: 30 }), fc.array(lead, { maxLength: 30 }), (leads, misread) => {
      const q = qValues(leads, 60, misread, 50);
      expect(q.every(value => value > 0 && value <= 1)).toBe(true);
      leads.forEach((a, i) => {
        leads.forEach((b, j) => {
          if (a > b) expect(q[i]!).toBeLessThanOrEqual(q[j]!);
        });
      });
      expect(qValues(leads.toReversed(), 60, misread, 50)).toEqual(q.toReversed());
    }),
  );
});

it('holds: of those listed from .9 on, at most a tenth or so are chance, and without an effect hardly any is', () => {
  const shares = Array.from({ length: 200 }, (_, seed) => {
    const rng = stream(seed, 'leads');
    const misread = Array.from({ length: 50 }, rng);
    const leads = Array.from({ length: 120 }, (_, i) => rng() + (i < 80 ? 1 : 0));
    const listed = qValues(leads, 800, misread, 500).flatMap((q, i) => (q <= 0.1 ? [i] : []));
    return listed.filter(i => i >= 80).length / Math.max(1, listed.length);
  });
  expect(shares.reduce((a, b) => a + b, 0) / shares.length).toBeLessThan(0.11);
  const chance = Array.from({ length: 200 }, (_, seed) => {
    const rng = stream(seed, 'chance');
    const misread = Array.from({ length: 50 }, rng);
    return qValues(Array.from({ length: 80 }, rng), 800, misread, 500).some(q => q <= 0.1);
  });
  expect(chance.filter(Boolean).length).toBeLessThan(35);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gae } from './gae.ts';
import { responseMask } from './mask.ts';

const number = fc.float({ min: -3, max: 3, noNaN: true });
const share = fc.float({ min: 0, max: 1, noNaN: true });
const text = fc.array(fc.record({ reward: number, value: number }), { minLength: 1, maxLength: 8 });
const texts = fc.array(text, { minLength: 1, maxLength: 5 });

type Text = readonly { readonly reward: number; readonly value: number }[];

/** Every text right-padded to `width`, after `left` places of padding, with `filler` at padding. */
function grid(batch: readonly Text[], left: number, width: number, filler: number) {
  const place = (key: 'reward' | 'value') =>
    Float32Array.from(
      batch.flatMap(row => {
        const own = row.map(token => token[key]);
        return [...Array(left).fill(filler), ...own, ...Array(width - left - own.length).fill(filler)];
      }),
    );
  const mask = Float32Array.from(
    batch.flatMap(row => Array.from({ length: width }, (_, t) => (t >= left && t < left + row.length ? 1 : 0))),
  );
  return { rewards: place('reward'), values: place('value'), mask, width };
}

/** By the definition: Σ_l (γλ)^l δ_{t+l}, for one text without padding. */
function naive(row: Text, gamma: number, lambda: number): number[] {
  const delta = row.map((token, t) => token.reward + gamma * (row[t + 1]?.value ?? 0) - token.value);
  return row.map((_, t) => delta.slice(t).reduce((sum, d, l) => sum + (gamma * lambda) ** l * d, 0));
}

const own = (values: Float32Array, mask: Float32Array) => [...values].filter((_, i) => mask[i] === 1);
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i]!, 4);
  });
};

describe('gae', () => {
  it('equals the definition, text by text', () => {
    fc.assert(
      fc.property(texts, share, share, (batch, gamma, lambda) => {
        const inputs = grid(batch, 0, 8, 0);
        const { advantages, returns } = gae({ ...inputs, gamma, lambda });
        const expected = batch.flatMap(row => naive(row, gamma, lambda));
        close(own(advantages, inputs.mask), expected);
        const values = batch.flat().map(token => token.value);
        close(
          own(returns, inputs.mask),
          expected.map((advantage, i) => advantage + values[i]!),
        );
      }),
    );
  });

  it('does not see padding, on either side, whatever it holds', () => {
    fc.assert(
      fc.property(texts, fc.nat(4), fc.constantFrom(0, 1e6, Number.NaN), (batch, left, filler) => {
        const plain = grid(batch, 0, 8, 0);
        const padded = grid(batch, left, 12, filler);
        const a = gae({ ...plain, gamma: 0.99, lambda: 0.9 });
        const b = gae({ ...padded, gamma: 0.99, lambda: 0.9 });
        expect(own(b.advantages, padded.mask)).toEqual(own(a.advantages, plain.mask));
        expect(own(b.returns, padded.mask)).toEqual(own(a.returns, plain.mask));
        expect(b.advantages.every((x, i) => padded.mask[i] === 1 || x === 0)).toBe(true);
      }),
    );
  });

  it('gives Monte Carlo returns at lambda 1', () => {
    fc.assert(
      fc.property(texts, share, (batch, gamma) => {
        const inputs = grid(batch, 0, 8, 0);
        const { returns } = gae({ ...inputs, gamma, lambda: 1 });
        const expected = batch.flatMap(row =>
          row.map((_, t) => row.slice(t).reduce((sum, token, l) => sum + gamma ** l * token.reward, 0)),
        );
        close(own(returns, inputs.mask), expected);
      }),
    );
  });

  it('refuses arrays that do not fit together', () => {
    const mask = responseMask([2, 1], 3);
    const values = new Float32Array(6);
    expect(() => gae({ rewards: new Float32Array(5), values, mask, width: 3, gamma: 1, lambda: 1 })).toThrow(
      /one size/,
    );
  });
});

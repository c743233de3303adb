import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardFlops, gradientFlops, groupsMet, readingAfter, sequence, sum, writing } from './flops.ts';

const model = {
  family: 'llama' as const,
  vocabSize: 50,
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  ropeTheta: 10_000,
  normEps: 1e-5,
  tieEmbeddings: true,
  maxPositions: 64,
};

describe('necessary work', () => {
  it('counts the matrix products of one token', () => {
    const attention = 8 * 8 + 2 * 8 * 4 + 8 * 8;
    const blocks = 2 * 2 * (attention + 3 * 8 * 12);
    const seen = 2 * 2 * 2 * 2 * 4;
    expect(forwardFlops(model, sequence(1, { used: 1 }))).toBe(blocks + seen + 2 * 8 * 50);
  });

  it('differentiates no frozen weights: a backward pass through them is as much as the forward pass', () => {
    const one = sequence(1, { used: 1 });
    const seen = 2 * 2 * 2 * 2 * 4;
    const adapter = 2 * 2 * 3 * (8 + 4);
    const lora = { r: 3, alpha: 6, targets: ['k_proj'] };
    expect(gradientFlops({ model }, one)).toBe(3 * forwardFlops(model, one));
    expect(gradientFlops({ model, lora }, one)).toBe(2 * (forwardFlops(model, one) - seen) + 3 * (seen + adapter));
  });

  it('is the same for a sequence read at once and in two parts', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (first, second) => {
        const parts = sum([sequence(first), sequence(second, { past: first })]);
        expect(parts).toEqual(sequence(first + second));
      }),
    );
  });

  it('counts a shared prompt once and no last token', () => {
    expect(writing([4, 2, 3, 1], 3, 2).tokens).toBe(2 * 3 + 3 + 1 + 2 + 0);
    expect(writing([4, 2, 3, 1], 3, 2).logits).toBe(10);
  });

  it('counts a question once for its texts', () => {
    expect(readingAfter([5, 6], [1, 2, 3, 4]).tokens).toBe(5 + 6 + 10);
  });

  it('meets every group when all is drawn, and one when one item is', () => {
    expect(groupsMet(8, 4, 32)).toBe(8);
    expect(groupsMet(8, 4, 1)).toBeCloseTo(1, 12);
    expect(groupsMet(64, 4, 128)).toBeCloseTo(64 * (1 - (128 * 127 * 126 * 125) / (256 * 255 * 254 * 253)), 9);
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../tensor/index.ts';
import { clamp, columns, read, sameOnNative, scalars, sum, within } from './loss.fixture.ts';
import { type RlooInputs, rlooLoss } from './rlooLoss.ts';

const CLIP = 0.2;
const KEYS = ['logProb', 'oldLogProb', 'entropy', 'mask'] as const;
interface Text {
  readonly advantage: number;
  readonly weight: number;
  readonly tokens: readonly Record<(typeof KEYS)[number], number>[];
}

const token = fc.record({
  logProb: within(-1.3, -0.7),
  oldLogProb: within(-1.3, -0.7),
  entropy: within(0, 2),
  mask: fc.constantFrom(0, 1, 1),
});
const text: fc.Arbitrary<Text> = fc.record({
  advantage: within(-2, 2),
  weight: within(0, 2),
  tokens: fc.array(token, { minLength: 1, maxLength: 4 }),
});
const texts = fc.array(text, { minLength: 1, maxLength: 5 });

const logRatioOf = (t: Text) => sum(t.tokens.map(({ logProb, oldLogProb, mask }) => mask * (logProb - oldLogProb)));

/** The objective of one text whose ratio has that logarithm, in plain doubles. */
function textLoss({ advantage, weight }: Text, logRatio: number): number {
  const ratio = Math.exp(logRatio);
  return -weight * Math.min(ratio * advantage, clamp(ratio, 1 - CLIP, 1 + CLIP) * advantage);
}
const slope = (t: Text) => {
  const step = 1e-6;
  return (textLoss(t, logRatioOf(t) + step) - textLoss(t, logRatioOf(t) - step)) / (2 * step);
};
/** Away from the corners of clip, where a derivative does not exist. */
const smooth = (t: Text) => [0.8, 1.2].every(edge => Math.abs(Math.exp(logRatioOf(t)) - edge) > 1e-3);

/** Texts one after another without padding but that of their masks, as packed texts are. */
const inputsOf = (batch: readonly Text[], count: number) =>
  ({
    ...columns(batch, ['advantage', 'weight']),
    ...columns(
      batch.flatMap(t => t.tokens),
      KEYS,
    ),
    text: tf.tensor1d(batch.flatMap((t, row) => t.tokens.map(() => row))),
    ...scalars({ clip: CLIP, tokens: 7, texts: count }),
  }) as unknown as RlooInputs;

const gradientOf = (inputs: RlooInputs) => tf.grad(logProb => rlooLoss({ ...inputs, logProb }).loss)(inputs.logProb);

beforeAll(() => tf.setBackend('cpu'));

describe('rlooLoss', () => {
  it('equals the objective written text by text', () => {
    fc.assert(
      fc.property(texts, batch => {
        const { loss, metrics } = rlooLoss(inputsOf(batch, 6));
        expect(read(loss)).toBeCloseTo(sum(batch.map(t => textLoss(t, logRatioOf(t)))) / 6, 4);
        expect(read(metrics.approx_kl)).toBeCloseTo(sum(batch.map(t => 0.5 * logRatioOf(t) ** 2)) / 6, 4);
        const entropies = batch.flatMap(t => t.tokens.map(({ entropy, mask }) => mask * entropy));
        expect(read(metrics.entropy)).toBeCloseTo(sum(entropies) / 7, 4);
      }),
    );
  });

  it('has the gradient of finite differences, the same at all tokens of a text, and none at padding', () => {
    fc.assert(
      fc.property(texts, batch => {
        fc.pre(batch.every(smooth));
        const found = [...gradientOf(inputsOf(batch, 6)).dataSync()];
        const expected = batch.flatMap(t => t.tokens.map(({ mask }) => (mask * slope(t)) / 6));
        found.forEach((x, i) => {
          expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(expected[i]!)));
        });
      }),
    );
  });

  it('has the gradient of REINFORCE on the policy that wrote the texts', () => {
    fc.assert(
      fc.property(texts, batch => {
        const fresh = batch.map(t => ({
          ...t,
          weight: 1,
          tokens: t.tokens.map(own => ({ ...own, logProb: own.oldLogProb })),
        }));
        const expected = fresh.flatMap(t => t.tokens.map(({ mask }) => (mask * -t.advantage) / 6));
        const { metrics } = rlooLoss(inputsOf(fresh, 6));
        expect(read(metrics.ratio_error)).toBe(0);
        [...gradientOf(inputsOf(fresh, 6)).dataSync()].forEach((x, i) => {
          expect(x).toBeCloseTo(expected[i]!, 5);
        });
      }),
    );
  });

  it('adds up over micro-batches', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const whole = rlooLoss(inputsOf([...a, ...b], 9)).metrics;
        const parts = [a, b].map(part => rlooLoss(inputsOf(part, 9)).metrics);
        for (const name of ['loss', 'approx_kl', 'clip_fraction', 'ratio', 'entropy'] as const)
          expect(sum(parts.map(part => read(part[name])))).toBeCloseTo(read(whole[name]), 4);
      }),
    );
  });

  it('is on the native engine what it is on the plain backend', async () => {
    const [batch] = fc.sample(fc.array(text.filter(smooth), { minLength: 5, maxLength: 5 }), { numRuns: 1, seed: 5 });
    await sameOnNative(inputsOf(batch!, 9), given => ({ ...rlooLoss(given).metrics, gradient: gradientOf(given) }));
  });
});

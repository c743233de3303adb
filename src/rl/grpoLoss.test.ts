import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../tensor/index.ts';
import { type GrpoInputs, grpoLoss } from './grpoLoss.ts';
import { klK3 } from './kl.ts';
import { clamp, columns, read, sameOnNative, scalars, sum, within } from './loss.fixture.ts';

const settings = { clip: 0.2, klCoefficient: 0.3 };
const KEYS = ['logProb', 'oldLogProb', 'referenceLogProb', 'advantage', 'entropy', 'weight', 'mask'] as const;
type Token = Record<(typeof KEYS)[number], number>;

const token: fc.Arbitrary<Token> = fc.record({
  logProb: within(-3, 0),
  oldLogProb: within(-3, 0),
  referenceLogProb: within(-3, 0),
  advantage: within(-2, 2),
  entropy: within(0, 2),
  weight: within(0, 2),
  mask: fc.constantFrom(0, 1, 1),
});
const tokens = fc.array(token, { minLength: 1, maxLength: 12 });

/** The objective of one token in plain doubles. */
function tokenLoss(t: Token): { policy: number; kl: number } {
  const ratio = Math.exp(t.logProb - t.oldLogProb);
  const clipped = clamp(ratio, 1 - settings.clip, 1 + settings.clip);
  const toReference = t.referenceLogProb - t.logProb;
  return {
    policy: -t.weight * Math.min(ratio * t.advantage, clipped * t.advantage),
    kl: Math.exp(toReference) - 1 - toReference,
  };
}
const total = (t: Token) => tokenLoss(t).policy + settings.klCoefficient * tokenLoss(t).kl;
const slope = (t: Token) => {
  const step = 1e-6;
  return (total({ ...t, logProb: t.logProb + step }) - total({ ...t, logProb: t.logProb - step })) / (2 * step);
};
/** Away from the corners of clip, where a derivative does not exist. */
const smooth = (t: Token) => [0.8, 1.2].every(edge => Math.abs(Math.exp(t.logProb - t.oldLogProb) - edge) > 1e-3);

const inputsOf = (batch: readonly Token[], count: number) =>
  ({ ...columns(batch, KEYS), ...scalars({ ...settings, tokens: count }) }) as unknown as GrpoInputs;

beforeAll(() => tf.setBackend('cpu'));

describe('grpoLoss', () => {
  it('equals the objective written token by token, with the KL that metrics show', () => {
    fc.assert(
      fc.property(tokens, batch => {
        const own = batch.filter(t => t.mask === 1);
        const { loss, metrics } = grpoLoss(inputsOf(batch, 7));
        expect(read(loss)).toBeCloseTo(sum(own.map(total)) / 7, 4);
        expect(read(metrics.policy_loss)).toBeCloseTo(sum(own.map(t => tokenLoss(t).policy)) / 7, 4);
        const column = (key: keyof Token) => Float32Array.from(batch, t => t[key]);
        const shown = klK3(column('logProb'), column('referenceLogProb'), column('mask'));
        expect(read(metrics.kl_loss)).toBeCloseTo(sum([...shown]) / 7, 4);
      }),
    );
  });

  it('has the gradient of finite differences, and none at padding', () => {
    fc.assert(
      fc.property(tokens, batch => {
        fc.pre(batch.every(smooth));
        const inputs = inputsOf(batch, 7);
        const found = tf
          .grad(logProb => grpoLoss({ ...inputs, logProb }).loss)(inputs.logProb)
          .dataSync();
        batch.forEach((t, i) => {
          const expected = (t.mask * slope(t)) / 7;
          expect(Math.abs(found[i]! - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
        });
      }),
    );
  });

  it('adds up over micro-batches, and is unmoved by what stands at padding', () => {
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const whole = read(grpoLoss(inputsOf([...a, ...b], 9)).loss);
        expect(read(grpoLoss(inputsOf(a, 9)).loss) + read(grpoLoss(inputsOf(b, 9)).loss)).toBeCloseTo(whole, 4);
        const padded = [...a, ...b.map(t => ({ ...t, logProb: -1e9, mask: 0 }))];
        expect(read(grpoLoss(inputsOf(padded, 9)).loss)).toBeCloseTo(read(grpoLoss(inputsOf(a, 9)).loss), 5);
      }),
    );
  });

  it('draws the policy to the reference where no text has an advantage', () => {
    const t = { oldLogProb: -1, logProb: -1, advantage: 0, entropy: 1, weight: 1, mask: 1 };
    const inputs = inputsOf(
      [-2, -1, -0.5].map(referenceLogProb => ({ ...t, referenceLogProb })),
      3,
    );
    const gradient = tf
      .grad(logProb => grpoLoss({ ...inputs, logProb }).loss)(inputs.logProb)
      .dataSync();
    expect([...gradient].map(Math.sign)).toEqual([1, 0, -1]);
  });

  it('is on the native engine what it is on the plain backend', async () => {
    const [batch] = fc.sample(fc.array(token.filter(smooth), { minLength: 12, maxLength: 12 }), {
      numRuns: 1,
      seed: 5,
    });
    await sameOnNative(inputsOf(batch!, 9), given => {
      const gradient = tf.grad(logProb => grpoLoss({ ...given, logProb }).loss)(given.logProb);
      return { ...grpoLoss(given).metrics, gradient };
    });
  });
});

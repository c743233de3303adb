import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../tensor/index.ts';
import { clamp, columns, read, sameOnNative, scalars, sum, within } from './loss.fixture.ts';
import { type PpoInputs, ppoLoss } from './ppoLoss.ts';

const settings = { clip: 0.2, valueClip: 0.3, valueCoefficient: 0.5 };

interface Token {
  logProb: number;
  oldLogProb: number;
  value: number;
  oldValue: number;
  advantage: number;
  return: number;
  entropy: number;
  weight: number;
  mask: number;
}

const token: fc.Arbitrary<Token> = fc.record({
  logProb: within(-3, 0),
  oldLogProb: within(-3, 0),
  value: within(-2, 2),
  oldValue: within(-2, 2),
  advantage: within(-2, 2),
  return: within(-2, 2),
  entropy: within(0, 2),
  weight: within(0, 2),
  mask: fc.constantFrom(0, 1, 1),
});
const tokens = fc.array(token, { minLength: 1, maxLength: 12 });

/** The objective of one token in plain doubles. */
function tokenLoss(t: Token): { policy: number; value: number } {
  const ratio = Math.exp(t.logProb - t.oldLogProb);
  const clipped = clamp(ratio, 1 - settings.clip, 1 + settings.clip);
  const near = t.oldValue + clamp(t.value - t.oldValue, -settings.valueClip, settings.valueClip);
  return {
    policy: -t.weight * Math.min(ratio * t.advantage, clipped * t.advantage),
    value: 0.5 * Math.max((t.value - t.return) ** 2, (near - t.return) ** 2),
  };
}

const total = (t: Token) => tokenLoss(t).policy + settings.valueCoefficient * tokenLoss(t).value;
const slope = (t: Token, key: 'logProb' | 'value') => {
  const step = 1e-6;
  return (total({ ...t, [key]: t[key] + step }) - total({ ...t, [key]: t[key] - step })) / (2 * step);
};

/** Away from the corners of min, max and clip, where a derivative does not exist. */
function smooth(t: Token): boolean {
  const ratio = Math.exp(t.logProb - t.oldLogProb);
  const move = Math.abs(t.value - t.oldValue);
  const near = t.oldValue + Math.sign(t.value - t.oldValue) * settings.valueClip;
  const margins = [
    ratio - 0.8,
    ratio - 1.2,
    move - settings.valueClip,
    Math.abs(t.value - t.return) - Math.abs(near - t.return),
  ];
  return margins.every(margin => Math.abs(margin) > 1e-3);
}

const KEYS = [
  'logProb',
  'oldLogProb',
  'value',
  'oldValue',
  'advantage',
  'return',
  'entropy',
  'weight',
  'mask',
] as const;

const inputsOf = (batch: readonly Token[], count: number) =>
  ({ ...columns(batch, KEYS), ...scalars({ ...settings, tokens: count }) }) as unknown as PpoInputs;

beforeAll(() => tf.setBackend('cpu'));

describe('ppoLoss', () => {
  it('equals the objective written token by token', () => {
    fc.assert(
      fc.property(tokens, batch => {
        const own = batch.filter(t => t.mask === 1);
        const { loss, metrics } = ppoLoss(inputsOf(batch, 7));
        expect(read(loss)).toBeCloseTo(sum(own.map(total)) / 7, 4);
        expect(read(metrics.policy_loss)).toBeCloseTo(sum(own.map(t => tokenLoss(t).policy)) / 7, 4);
        expect(read(metrics.value_loss)).toBeCloseTo(sum(own.map(t => tokenLoss(t).value)) / 7, 4);
        expect(read(metrics.entropy)).toBeCloseTo(sum(own.map(t => t.entropy)) / 7, 4);
        const squares = own.map(t => 0.5 * (t.logProb - t.oldLogProb) ** 2);
        expect(read(metrics.approx_kl)).toBeCloseTo(sum(squares) / 7, 4);
        const errors = own.map(t => Math.abs(Math.exp(t.logProb - t.oldLogProb) - 1));
        expect(read(metrics.ratio_error)).toBeCloseTo(Math.max(0, ...errors), 3);
      }),
    );
  });

  it('has the gradient of finite differences, and none at padding', () => {
    fc.assert(
      fc.property(tokens, batch => {
        fc.pre(batch.every(smooth));
        const inputs = inputsOf(batch, 7);
        const gradient = tf.grads((logProb, value) => ppoLoss({ ...inputs, logProb, value } as PpoInputs).loss);
        const found = gradient([inputs.logProb, inputs.value]).map(g => g.dataSync());
        batch.forEach((t, i) => {
          for (const [k, key] of (['logProb', 'value'] as const).entries()) {
            const expected = (t.mask * slope(t, key)) / 7;
            expect(Math.abs(found[k]![i]! - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
          }
        });
      }),
    );
  });

  it('adds up over micro-batches', () => {
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const whole = ppoLoss(inputsOf([...a, ...b], 9));
        const parts = [a, b].map(part => ppoLoss(inputsOf(part, 9)));
        expect(sum(parts.map(part => read(part.loss)))).toBeCloseTo(read(whole.loss), 4);
        const { ratio_error: largest, ...rest } = whole.metrics;
        for (const [name, value] of Object.entries(rest)) {
          const added = sum(parts.map(part => read(part.metrics[name as keyof typeof rest])));
          expect(added).toBeCloseTo(read(value), 3);
        }
        expect(Math.max(...parts.map(part => read(part.metrics.ratio_error)))).toBe(read(largest));
      }),
    );
  });

  it('is unmoved by what stands at padding', () => {
    fc.assert(
      fc.property(tokens, tokens, (batch, extra) => {
        const padded = [...batch, ...extra.map(t => ({ ...t, mask: 0 }))];
        const [a, b] = [ppoLoss(inputsOf(batch, 5)), ppoLoss(inputsOf(padded, 5))];
        expect(read(b.loss)).toBeCloseTo(read(a.loss), 5);
        expect(read(b.metrics.ratio_error)).toBe(read(a.metrics.ratio_error));
      }),
    );
  });

  it('shows ratio 1 and no KL before the first step', () => {
    const fresh = [-1, -0.5].map(logProb => ({
      ...{ logProb, oldLogProb: logProb, value: 0.3, oldValue: 0.3, advantage: 1, return: 1, entropy: 1, weight: 1 },
      mask: 1,
    }));
    const { metrics } = ppoLoss(inputsOf(fresh, 2));
    expect([metrics.ratio, metrics.ratio_error, metrics.approx_kl, metrics.clip_fraction].map(read)).toEqual([
      1, 0, 0, 0,
    ]);
  });

  it('counts what was clipped', () => {
    const base = { value: 0, oldValue: 1, return: 0, entropy: 0, weight: 1, mask: 1, oldLogProb: -2 };
    const batch = [
      { ...base, logProb: -1, advantage: 1 },
      { ...base, logProb: -1, advantage: -1 },
      { ...base, logProb: -3, advantage: -1 },
      { ...base, logProb: -3, advantage: 1, value: 1 },
    ];
    const { metrics } = ppoLoss(inputsOf(batch, 4));
    expect(read(metrics.clip_fraction)).toBe(0.5);
    expect(read(metrics.value_clip_fraction)).toBe(0.75);
  });
});

describe('ppoLoss on the native engine', () => {
  it('gives the losses, metrics and gradients of the plain backend', async () => {
    const [batch] = fc.sample(fc.array(token.filter(smooth), { minLength: 12, maxLength: 12 }), {
      numRuns: 1,
      seed: 5,
    });
    await sameOnNative(inputsOf(batch!, 9), given => {
      const gradient = tf.grads((logProb, value) => ppoLoss({ ...given, logProb, value } as PpoInputs).loss);
      return { ...ppoLoss(given).metrics, gradient: tf.stack(gradient([given.logProb, given.value])) };
    });
  });
});

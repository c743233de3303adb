import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { normal } from '../run/random.ts';
import { cosineAt, covariance, type Frame, fve, residualWhitening, similarities, whiten } from './similarity.ts';
import { fitAffine, fitTranslator, translate } from './translator.ts';

const [m, d] = [6, 4];

/** Inputs [n,m] and affine images [n,d] of them, with noise of a standard deviation. */
function pairs(n: number, seed: number, noise = 0) {
  const map = uniformsFrom(99);
  const weight = Array.from({ length: m * d }, () => map() - 0.5);
  const bias = Array.from({ length: d }, () => 4 * map());
  const rng = uniformsFrom(seed);
  const inputs = Float32Array.from({ length: n * m }, () => normal(rng));
  const outputs = Float32Array.from({ length: n * d }, (_, at) => {
    const [r, j] = [Math.floor(at / d), at % d];
    let sum = bias[j]! + noise * normal(rng);
    for (let i = 0; i < m; i++) sum += inputs[r * m + i]! * weight[i * d + j]!;
    return sum;
  });
  return { inputs, outputs };
}

const translatorOf = (data: ReturnType<typeof pairs>, ridge = 1e-6) => fitTranslator({ ...data, m, d, ridge });

describe('a translator', () => {
  it('finds a known affine map', () => {
    const { translator, fve: explained } = translatorOf(pairs(300, 1));
    const held = pairs(50, 2);
    translate(translator, held.inputs).forEach((x, i) => {
      expect(x).toBeCloseTo(held.outputs[i]!, 3);
    });
    expect(explained).toBeGreaterThan(0.999);
  });

  it('explains nothing held out where the pairing is shuffled', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), seed => {
        const shuffled = (from: number) => ({ inputs: pairs(400, from).inputs, outputs: pairs(400, from + 1).outputs });
        const held = shuffled(seed + 9000);
        const { translator } = translatorOf(shuffled(seed), 1e-3);
        return fve(translate(translator, held.inputs), held.outputs, d)! < 0.03;
      }),
      { numRuns: 10 },
    );
  });

  it('carries the more nats the less noise there is, and none from a shuffled pairing', () => {
    const nats = [4, 1, 0.25, 0.06].map(noise => translatorOf(pairs(500, 3, noise), 1e-3).nats);
    expect([...nats].sort((a, b) => a - b)).toEqual(nats);
    const { inputs } = pairs(500, 4);
    const shuffled = translatorOf({ inputs, outputs: pairs(500, 5).outputs }, 1e-3).nats;
    expect(shuffled).toBeGreaterThanOrEqual(0);
    expect(shuffled).toBeLessThan(0.1);
  });

  it('gives the mean of the states for the mean of the latents, whatever the ridge', () => {
    const data = pairs(100, 6, 0.3);
    for (const ridge of [1e-3, 1, 1e6]) {
      const { translator } = translatorOf(data, ridge);
      const [y] = [translate(translator, translator.inputMean)];
      expect([...y]).toEqual([...translator.outputMean]);
    }
    const { translator } = translatorOf(data, 1e9);
    expect(Math.max(...translator.weight.map(Math.abs))).toBeLessThan(1e-6);
  });

  it('can be fitted where latents have directions without variance', () => {
    const data = pairs(100, 7);
    data.inputs.forEach((_, i) => {
      if (i % m === 2) data.inputs[i] = 1;
    });
    const { translator, nats } = translatorOf(data, 1e-3);
    expect(translator.weight.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(nats)).toBe(true);
  });

  it('weighs the directions that it predicts well: they tell an own state from another one', () => {
    const data = pairs(600, 8);
    const rng = uniformsFrom(9);
    data.outputs.forEach((y, i) => {
      data.outputs[i] = y + (i % d < 2 ? 2 : 0.01) * normal(rng);
    });
    const { translator, frames } = translatorOf(data);
    const predicted = translate(translator, data.inputs);
    const apart = (frame: Frame) => {
      const [states, targets] = [whiten(frame, data.outputs), whiten(frame, predicted)];
      let [own, other] = [0, 0];
      for (let i = 0; i < 100; i++) {
        own += cosineAt(states, i, targets, i, d) / 100;
        other += cosineAt(states, i, targets, i + 100, d) / 100;
      }
      return own - other;
    };
    const plain = Float32Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0));
    expect(apart(frames.residual)).toBeGreaterThan(apart({ centre: translator.outputMean, whitening: plain }) + 0.3);
  });

  it('compares in its predicted frame a latent with what a state predicts of it, up to a factor per latent', () => {
    const n = 2000;
    const data = pairs(n, 10, 0.5);
    const { translator, frames } = translatorOf(data, 1e-9);
    // The same by its definition: the regression of latents on states, whitened by its residual.
    const back = fitAffine({ inputs: data.outputs, outputs: data.inputs, m: d, d: m, ridge: 1e-9 });
    const guesses = translate(back, data.outputs);
    const residual = data.inputs.map((x, i) => x - guesses[i]!);
    const frame = { centre: back.outputMean, whitening: residualWhitening(covariance(residual, m), 0) };
    const [a, b] = [whiten(frame, guesses), whiten(frame, data.inputs)];
    const targets = translate(translator, data.inputs);
    for (const latent of [0, 1, 2]) {
      const factors = Array.from({ length: 40 }, (_, i) => {
        const [h, t] = [data.outputs.subarray(i * d, (i + 1) * d), targets.subarray(latent * d, (latent + 1) * d)];
        return [similarities('whitened_cosine', frames.predicted, h, t, 1)[0]!, cosineAt(a, i, b, latent, m)] as const;
      });
      const [top, bottom] = [0, 1].map(k => Math.sqrt(factors.reduce((sum, pair) => sum + pair[k]! ** 2, 0)));
      const product = factors.reduce((sum, [own, defined]) => sum + own * defined, 0);
      expect(product / (top! * bottom!)).toBeGreaterThan(0.999);
    }
  });
});

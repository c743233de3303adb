import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { gelu, layerNorm, linear, logProb, logProbAndEntropy, rmsNorm, rope, softmax, swiglu } from './ops.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

const shape = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 4 }).map(n => 2 * n),
);

function random(dims: number[], seed: number): tf.Tensor {
  return tf.randomNormal(dims, 0, 1, 'float32', seed);
}

/** Rows whose values lie apart: of nearly equal ones a normalisation would show its rounding, three hundred times enlarged. */
const spread = (x: tf.Tensor) => tf.add(tf.tanh(x), tf.mul(3, tf.range(0, x.shape.at(-1)!))) as tf.Tensor2D;

/** Value and gradients of both, under the same random weighting of the outputs. */
function expectSame(ours: Op, plain: Op, inputs: tf.Tensor[]): void {
  const run = (op: Op) => {
    const gradients = tf.grads((...args: tf.Tensor[]) => {
      const y = op(...args);
      return tf.sum(tf.mul(y, random(y.shape, 7)));
    });
    return [op(...inputs), ...gradients(inputs)].map(tensor => Array.from(tensor.dataSync()));
  };
  const [a, b] = [run(ours), run(plain)];
  for (let i = 0; i < a.length; i++) {
    const scale = Math.max(1, ...b[i]!.map(Math.abs));
    for (let j = 0; j < a[i]!.length; j++) expect(a[i]![j]! / scale).toBeCloseTo(b[i]![j]! / scale, 4);
  }
}

describe('softmax', () => {
  it('gives what is hidden a share that no sum sees and that is no denormal number', () => {
    const scores = tf.tensor2d([
      [1, -1e9, 2, -1e9],
      [-300, -1e9, -301, 80],
      [-1e9, -1e9, -1e9, -1e9],
    ]);
    const shares = softmax(scores);
    const exact = tf.softmax(scores);
    expect(tf.max(tf.abs(tf.sub(shares, exact))).dataSync()[0]).toBeLessThan(1e-7);
    for (const share of shares.dataSync()) expect(share).toBeGreaterThan(1e-30);
    expect(shares.arraySync()[0]![1]).toBeLessThan(1e-20);
  });
});

describe('operations with a gradient of their own agree with autograd', () => {
  const cases: [string, number, Op, Op][] = [
    [
      'rmsNorm',
      2,
      (x, w) => rmsNorm(x as tf.Tensor2D, tf.slice(w!, [0, 0], [1, -1]).flatten(), 1e-5),
      (x, w) =>
        tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), 1e-5))), tf.slice(w!, [0, 0], [1, -1])),
    ],
    [
      'layerNorm',
      3,
      (x, w, b) => layerNorm(spread(x!), tf.sum(w!, 0), tf.sum(b!, 0)),
      (x, w, b) => {
        const rows = spread(x!);
        const { mean, variance } = tf.moments(rows, -1, true);
        return tf.add(
          tf.mul(tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, 1e-5))), tf.sum(w!, 0)),
          tf.sum(b!, 0),
        );
      },
    ],
    [
      'swiglu',
      2,
      (g, u) => swiglu(g as tf.Tensor2D, u as tf.Tensor2D),
      (g, u) => tf.mul(tf.mul(g!, tf.sigmoid(g!)), u!),
    ],
    ['softmax', 1, x => softmax(x!), x => tf.softmax(x!)],
  ];
  for (const [name, arity, ours, plain] of cases) {
    it(name, () => {
      fc.assert(
        fc.property(shape, fc.nat(), (dims, seed) => {
          tf.tidy(() => {
            expectSame(
              ours,
              plain,
              Array.from({ length: arity }, (_, i) => random(dims, seed + i)),
            );
          });
        }),
        { numRuns: 20 },
      );
    });
  }

  it('rope is a rotation whose gradient is the inverse rotation', () => {
    const angles = random([3, 2], 1);
    const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
    const x = random([2, 3, 4], 2);
    const complex = (y: tf.Tensor) => {
      const [a, b] = tf.split(y, 2, -1) as [tf.Tensor, tf.Tensor];
      return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], -1);
    };
    expectSame(
      y => rope(y!, cos, sin),
      y => complex(y!),
      [x],
    );
    const norms = (y: tf.Tensor) => tf.sum(tf.square(y), -1).dataSync();
    expect(norms(rope(x, cos, sin))[0]).toBeCloseTo(norms(x)[0]!, 4);
  });

  it('gelu is x times the normal distribution function', () => {
    const y = gelu(tf.tensor1d([-1, 0, 1, 2])).dataSync();
    [-0.158655, 0, 0.841345, 1.9545].forEach((expected, i) => {
      expect(y[i]).toBeCloseTo(expected, 4);
    });
  });

  it('logProb and logProbAndEntropy', () => {
    fc.assert(
      fc.property(shape, fc.nat(), ([n, vocab], seed) => {
        tf.tidy(() => {
          const logits = random([n!, vocab!], seed);
          const actions = tf.tensor1d(
            Array.from({ length: n! }, (_, i) => (i * 7 + seed) % vocab!),
            'int32',
          );
          const plainLogProb: Op = z => tf.sum(tf.mul(tf.logSoftmax(z as tf.Tensor2D), tf.oneHot(actions, vocab!)), -1);
          const plainEntropy: Op = z =>
            tf.neg(tf.sum(tf.mul(tf.softmax(z as tf.Tensor2D), tf.logSoftmax(z as tf.Tensor2D)), -1));
          expectSame(z => logProb(z as tf.Tensor2D, actions), plainLogProb, [logits]);
          expectSame(
            z => {
              const both = logProbAndEntropy(z as tf.Tensor2D, actions);
              return tf.stack([both.logProb, both.entropy]);
            },
            z => tf.stack([plainLogProb(z!), plainEntropy(z!)]),
            [logits],
          );
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('linear', () => {
  it('adds the scaled low-rank update where there is one', () => {
    const w = random([3, 4], 1);
    const adapter = { a: random([2, 4], 2) as tf.Tensor2D, b: random([3, 2], 3) as tf.Tensor2D, scale: 0.5 };
    const x = random([5, 4], 4) as tf.Tensor2D;
    const weights = { tensor: () => w, adapter: (name: string) => (name === 'q' ? adapter : undefined) };
    const merged = tf.add<tf.Tensor2D>(w, tf.mul(tf.matMul(adapter.b, adapter.a), 0.5));
    const difference = tf.sub(linear(weights, 'q', x), tf.matMul(x, merged, false, true));
    expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-5);
    const plain = tf.sub(linear(weights, 'k', x), tf.matMul(x, w as tf.Tensor2D, false, true));
    expect(tf.max(tf.abs(plain)).dataSync()[0]).toBe(0);
  });
});

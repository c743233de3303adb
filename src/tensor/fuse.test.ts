/** Fusion finds the patterns it is for, in the forms that model code and its gradients write them, and keeps their values. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Body, expectSameGradients, expectSameValues, floats } from './agreement.fixture.ts';
import { inputNode, record } from './graph.ts';
import { closeEngine, tf, useDevice } from './index.ts';
import { lower } from './lower.ts';
import { onnxBackend } from './onnxDevice.ts';

beforeAll(async () => {
  await useDevice('onnx');
});
afterAll(closeEngine);

/** How often each of `names` occurs among the operators that `body` is lowered to. */
async function operators(body: Body, shapes: readonly (readonly number[])[], names: readonly string[]) {
  await useDevice('onnx');
  const inputs = shapes.map(shape => inputNode(shape, 'float32'));
  const outputs = record(() =>
    [body(...inputs.map(input => onnxBackend().tensor(input)))].flat().map(output => onnxBackend().node(output)),
  );
  const text = Buffer.from(lower(inputs, outputs).bytes).toString('latin1');
  return names.map(name => text.split(`"${String.fromCharCode(name.length)}${name}`).length - 1);
}

const [B, H, T, D] = [2, 3, 4, 6] as const;
const split = (x: tf.Tensor) => tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];

const byHalves: Body = (x, cos, sin) => {
  const [a, b] = split(x!);
  return tf.concat([tf.sub(tf.mul(a, cos!), tf.mul(b, sin!)), tf.add(tf.mul(b, cos!), tf.mul(a, sin!))], -1);
};
const byTables =
  (back: boolean): Body =>
  (x, c, s) => {
    const shape = [B, 1, T, D];
    const cos = tf.reshape(tf.mul(tf.concat([c!, c!], -1), 0.5), shape);
    const sin = tf.reshape(tf.mul(tf.concat([tf.neg(s!), s!], -1), 0.5), shape);
    const [a, b] = split(x!);
    const crossed = tf.mul(tf.concat([b, a], -1), sin);
    return back ? tf.sub(tf.mul(x!, cos), crossed) : tf.add(tf.mul(x!, cos), crossed);
  };
const quotientNorm: Body = (x, gain) =>
  tf.mul(tf.div(x!, tf.sqrt(tf.add(tf.mean(tf.square(x!), -1, true), 1e-3))), gain!);
const productNorm: Body = (x, gain) => {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), 1e-3));
  return [tf.mul(tf.mul(x!, scale), gain!), tf.mul(scale, 2)];
};

const found: ReadonlyArray<readonly [string, string, number[][], Body]> = [
  [
    'rotary positions by halves',
    'RotaryEmbedding',
    [
      [B, H, T, D],
      [T, D / 2],
      [T, D / 2],
    ],
    byHalves,
  ],
  [
    'rotary positions of each row',
    'RotaryEmbedding',
    [
      [B, H, 1, T, D],
      [B, 1, 1, T, D / 2],
      [B, 1, 1, T, D / 2],
    ],
    byHalves,
  ],
  [
    'rotary positions of one token',
    'RotaryEmbedding',
    [
      [B, H, 1, D],
      [B, 1, 1, D / 2],
      [B, 1, 1, D / 2],
    ],
    byHalves,
  ],
  [
    'rotary positions by tables',
    'RotaryEmbedding',
    [
      [B, H, T, D],
      [B * T, D / 2],
      [B * T, D / 2],
    ],
    byTables(false),
  ],
  [
    'rotary positions back',
    'RotaryEmbedding',
    [
      [B, H, T, D],
      [B * T, D / 2],
      [B * T, D / 2],
    ],
    byTables(true),
  ],
  ['root mean square norm, quotient', 'SimplifiedLayerNormalization', [[5, 8], [8]], quotientNorm],
  ['root mean square norm, product', 'SimplifiedLayerNormalization', [[2, 5, 8], [8]], productNorm],
  ['sum of squares', 'ReduceSumSquare', [[3, 9]], x => tf.sum(tf.square(x!), 0)],
  ['log softmax', 'LogSoftmax', [[3, 9]], x => tf.logSoftmax(x!)],
  [
    'product plus residual',
    'Gemm',
    [
      [4, 5],
      [3, 5],
      [4, 3],
    ],
    (x, w, r) => tf.add(r!, tf.matMul(x!, w!, false, true)),
  ],
  ['product plus bias', 'Gemm', [[4, 5], [5, 3], [3]], (x, w, b) => tf.add(tf.matMul(x!, w!), b!)],
];

describe.each(found)('%s', (_, operator, shapes, body) => {
  test(`becomes one ${operator}`, async () => {
    const [count] = await operators(body, shapes, [operator]);
    expect(count).toBe(1);
  });

  test('has the values and gradients that it had', async () => {
    const inputs = shapes.map((shape, i) => floats(shape, i + 1));
    await expectSameValues('onnx', body, inputs);
    await expectSameGradients('onnx', body, inputs);
  });
});

const notFound: ReadonlyArray<readonly [string, string, number[][], Body]> = [
  [
    'halves that are crossed with the other sign',
    'RotaryEmbedding',
    [
      [B, H, T, D],
      [T, D / 2],
    ],
    (x, c) => {
      const [a, b] = split(x!);
      return tf.concat([tf.sub(tf.mul(b, c!), tf.mul(a, c!)), tf.add(tf.mul(b, c!), tf.mul(a, c!))], -1);
    },
  ],
  [
    'tables that differ between heads',
    'RotaryEmbedding',
    [
      [B, H, T, D],
      [H, T, D / 2],
      [H, T, D / 2],
    ],
    (x, c, s) => byHalves(x!, tf.reshape(c!, [1, H, T, D / 2]), tf.reshape(tf.mul(s!, 2), [1, H, T, D / 2])),
  ],
  [
    'a norm by the mean square of something else',
    'SimplifiedLayerNormalization',
    [[5, 8], [8], [5, 8]],
    (x, gain, y) => tf.mul(tf.div(x!, tf.sqrt(tf.add(tf.mean(tf.square(y!), -1, true), 1e-3))), gain!),
  ],
  [
    'a product that is needed again',
    'Gemm',
    [
      [4, 5],
      [5, 3],
      [4, 3],
    ],
    (x, w, r) => {
      const product = tf.matMul(x!, w!);
      return [tf.add(product, r!), product];
    },
  ],
];

test.each(notFound)('%s is left alone', async (_, operator, shapes, body) => {
  const inputs = shapes.map((shape, i) => floats(shape, i + 1));
  await expectSameValues('onnx', body, inputs);
  if (shapes.length === 2 || operator !== 'RotaryEmbedding')
    expect(await operators(body, shapes, [operator])).toEqual([0]);
});

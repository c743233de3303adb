/**
 * The gradients that replace tfjs's own, against central differences on the JavaScript backend: the other device tests
 * compare two devices that share these gradients, so they cannot tell whether they are right.
 */
import { beforeAll, expect, test } from 'vitest';
import { floats, integers } from './agreement.fixture.ts';
import { type HostArray, tf, useDevice } from './index.ts';

const STEP = 1e-2;

beforeAll(async () => {
  await useDevice('cpu');
});

const tensorOf = ({ data, shape }: HostArray) => tf.tensor(data.slice(), shape.slice(), 'float32');

/** Slope of the weighted sum of `f` along a random direction: by the gradient, and by differences. */
async function slopes(f: (...x: tf.Tensor[]) => tf.Tensor, sources: readonly HostArray[]) {
  const weighted = (...x: tf.Tensor[]) => {
    const y = f(...x);
    return tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.range(0, y.size, 1)), y.shape))) as tf.Scalar;
  };
  const at = sources.map(tensorOf);
  const direction = sources.map((source, i) => tensorOf(floats(source.shape, 77 + i, -1, 1)));
  const moved = (by: number) => weighted(...at.map((x, i) => tf.add(x, tf.mul(direction[i]!, by))));
  const gradients = tf.grads(weighted as (...x: tf.Tensor[]) => tf.Tensor)(at);
  const along = gradients
    .map((gradient, i) => tf.sum(tf.mul(gradient, direction[i]!)))
    .reduce((sum, x) => tf.add(sum, x));
  const difference = tf.div(tf.sub(moved(STEP), moved(-STEP)), 2 * STEP);
  return { byGradient: (await along.data())[0]!, byDifference: (await difference.data())[0]! };
}

const rows = tf.tensor([2, 0, 2, 1], [4], 'int32');
const perRow = tf.tensor([1, 0, 2, 2, 0, 1], [2, 3], 'int32');
const cells = tf.tensor([0, 1, 2, 0, 0, 1], [3, 2], 'int32') as tf.Tensor2D;
const distinct = tf.tensor([0, 1, 2, 0, 1, 1], [3, 2], 'int32') as tf.Tensor2D;
const mask = tf.tensor([1, 0, 0, 1, 1, 0], [2, 3], 'bool');

const cases: ReadonlyArray<readonly [string, number[][], (...x: tf.Tensor[]) => tf.Tensor]> = [
  [
    'matMul with a broadcast left operand',
    [
      [1, 2, 3],
      [4, 3, 5],
    ],
    (a, b) => tf.matMul(a, b),
  ],
  [
    'matMul with one right operand',
    [
      [4, 2, 3],
      [1, 5, 3],
    ],
    (a, b) => tf.matMul(a, b, false, true),
  ],
  [
    'matMul with one right operand and a transposed left one',
    [
      [4, 3, 2],
      [1, 3, 5],
    ],
    (a, b) => tf.matMul(a, b, true),
  ],
  [
    'matMul with a matrix on the right',
    [
      [2, 4, 2, 3],
      [3, 5],
    ],
    (a, b) => tf.matMul(a, b),
  ],
  [
    'matMul, both transposed',
    [
      [2, 3, 2],
      [2, 5, 3],
    ],
    (a, b) => tf.matMul(a, b, true, true),
  ],
  ['tile', [[2, 1, 3]], x => tf.tile(x, [3, 2, 1])],
  ['gather', [[3, 2]], x => tf.gather(x, rows)],
  ['gather along an inner axis', [[2, 3, 2]], x => tf.gather(x, perRow, 1)],
  ['gather with a batch axis', [[2, 3, 2]], x => tf.gather(x, perRow, 1, 1)],
  ['gather with a batch axis and an axis between', [[2, 4, 3]], x => tf.gather(x, perRow, 2, 1)],
  ['gatherND', [[3, 2, 2]], x => tf.gatherND(x, cells)],
  ['scatterND', [[3, 2]], x => tf.scatterND(cells, x, [3, 2, 2] as unknown as [number])],
  [
    'tensorScatterUpdate',
    [
      [3, 2, 2],
      [3, 2],
    ],
    (x, u) => tf.tensorScatterUpdate(x, distinct, u),
  ],
  ['where', [[2, 3], [3]], (a, b) => tf.where(mask, a, b)],
  ['maximum', [[2, 3], [3]], (a, b) => tf.maximum(a, b)],
  [
    'minimum',
    [
      [2, 1],
      [2, 3],
    ],
    (a, b) => tf.minimum(a, b),
  ],
  ['squaredDifference', [[2, 3], [1]], (a, b) => tf.squaredDifference(a, b)],
  ['unstack', [[3, 2]], x => tf.addN(tf.unstack(x).map((row, i) => tf.mul(row, i + 1)))],
  ['split into one', [[3, 2]], x => tf.split(x, 1)[0]!],
  ['cumsum', [[2, 3, 2]], x => tf.cumsum(x, 1, true)],
];

test.each(cases)('gradient of %s', async (_, shapes, f) => {
  const sources = shapes.map((shape, i) => floats(shape, 5 + i));
  const { byGradient, byDifference } = await slopes(f, sources);
  expect(byGradient).toBeCloseTo(byDifference, 2);
});

test('tensorScatterUpdate leaves its input as it was', async () => {
  const data = Float32Array.of(1, 2, 3);
  const updated = tf.tensorScatterUpdate(tf.tensor1d(data), tf.tensor2d([1], [1, 1], 'int32'), tf.tensor1d([9]));
  expect(await updated.array()).toEqual([1, 9, 3]);
  expect([...data]).toEqual([1, 2, 3]);
});

test('integer indices take no part in a gradient', async () => {
  const indices = integers([2], 3, 0, 3);
  const gradient = tf.grad(x => tf.sum(tf.gather(x, tf.tensor(indices.data, [2], 'int32'))))(tf.ones([3]));
  expect(Array.from(await gradient.data()).reduce((sum, x) => sum + x)).toBe(2);
});

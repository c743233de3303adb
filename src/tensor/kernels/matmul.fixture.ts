/** Cases for matrix products: transposed operands, broadcast batch axes up to rank 5, gradients in both operands. */
import fc from 'fast-check';
import { floats, seeds, shapes } from '../agreement.fixture.ts';
import { tf } from '../index.ts';
import { type Case, differentiable } from './case.fixture.ts';

const sizes = fc.record({
  m: fc.integer({ min: 1, max: 6 }),
  k: fc.integer({ min: 1, max: 6 }),
  n: fc.integer({ min: 1, max: 6 }),
  seed: seeds,
});

/** a [..., m, k] and b [..., k, n], stored transposed where asked; `batches` gives the leading axes of both. */
const operands = (batches: fc.Arbitrary<readonly [number[], number[]]>, transposeA: boolean, transposeB: boolean) =>
  fc
    .tuple(sizes, batches)
    .map(([{ m, k, n, seed }, [batchA, batchB]]) => [
      floats([...batchA, ...(transposeA ? [k, m] : [m, k])], seed),
      floats([...batchB, ...(transposeB ? [n, k] : [k, n])], seed + 1),
    ]);

const equalBatches = shapes(0, 3, 3).map(batch => [batch, batch] as const);
const oneOnTheRight = shapes(1, 3, 3).map(batch => [batch, batch.map(() => 1)] as const);
const oneOnTheLeft = shapes(1, 3, 3).map(batch => [batch.map(() => 1), batch] as const);
const lowerRankRight = shapes(1, 3, 3).map(batch => [batch, []] as [number[], number[]]);

const product = (transposeA: boolean, transposeB: boolean) => (a: tf.Tensor, b: tf.Tensor) =>
  tf.matMul(a, b, transposeA, transposeB);

const flags = [false, true].flatMap(a => [false, true].map(b => [a, b] as const));

export const matmulCases: readonly Case[] = [
  ...flags.flatMap(([a, b]) => [
    differentiable(`matMul ${a ? 'Aᵀ' : 'A'}${b ? 'Bᵀ' : 'B'}`, operands(equalBatches, a, b), product(a, b)),
    differentiable(
      `matMul ${a ? 'Aᵀ' : 'A'}${b ? 'Bᵀ' : 'B'}, one B for all`,
      operands(oneOnTheRight, a, b),
      product(a, b),
    ),
    differentiable(
      `matMul ${a ? 'Aᵀ' : 'A'}${b ? 'Bᵀ' : 'B'}, one A for all`,
      operands(oneOnTheLeft, a, b),
      product(a, b),
    ),
  ]),
  differentiable('matMul with a matrix on the right', operands(lowerRankRight, false, true), product(false, true)),
  differentiable('matMul of a transposed tensor', operands(equalBatches, false, false), (a, b) => {
    const swapped = b.shape.map((_, i) => i);
    swapped.push(swapped.splice(-2, 1)[0]!);
    return tf.matMul(a, tf.transpose(tf.mul(tf.transpose(b, swapped), 2), swapped));
  }),
  differentiable(
    'dot and outer products',
    sizes.map(({ n, seed }) => [floats([n], seed, 0.1), floats([n], seed + 1, 0.1)]),
    (a, b) => [tf.dot(a, b), tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D)],
  ),
];

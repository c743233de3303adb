/** Cases for reductions, scans and normalisations, over chosen axes and with kept dimensions. */
import fc from 'fast-check';
import { booleans, floats, integers, seeds, shapes } from '../agreement.fixture.ts';
import { tf } from '../index.ts';
import { type Case, differentiable, plain } from './case.fixture.ts';

const some = fc.tuple(shapes(1, 4), seeds).map(([shape, seed]) => [floats(shape, seed)]);
const whole = fc.tuple(shapes(1, 3), seeds).map(([shape, seed]) => [integers(shape, seed, -50, 50)]);
const truth = fc.tuple(shapes(1, 3), seeds).map(([shape, seed]) => [booleans(shape, seed)]);
const wide = fc
  .tuple(shapes(1, 3), fc.integer({ min: 3, max: 9 }), seeds)
  .map(([shape, last, seed]) => [floats([...shape, last], seed)]);

const masked = wide.map(([x]) => [x!, booleans(x!.shape, x!.shape.length)]);

/** Every other axis, so that rank decides what is reduced. */
const alternate = (x: tf.Tensor) => x.shape.map((_, i) => i).filter(i => i % 2 === 0);

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;
const reductions: Readonly<Record<string, Reduction>> = {
  sum: tf.sum,
  mean: tf.mean,
  max: tf.max,
  min: tf.min,
  logSumExp: tf.logSumExp,
};

export const reductionCases: readonly Case[] = [
  ...Object.entries(reductions).flatMap(([name, reduce]) => [
    differentiable(`${name} of all`, some, x => reduce(x)),
    differentiable(`${name} over some axes`, some, x => reduce(x, alternate(x))),
    differentiable(`${name} over the last axis, kept`, some, x => reduce(x, -1, true)),
    differentiable(`${name} over the first axis`, some, x => reduce(x, 0)),
  ]),
  plain('prod', some, x => [tf.prod(x), tf.prod(x, 0, true)]),
  plain('int32 reductions', whole, x => [tf.sum(x), tf.max(x, 0), tf.min(x, -1, true), tf.prod(tf.sign(x))]),
  plain('mean of int32', whole, x => tf.mean(x, 0)),
  plain('all, any and count', truth, x => [tf.all(x), tf.any(x, -1), tf.all(x, 0, true), tf.sum(x)]),
  plain('argMax and argMin', some, x => [tf.argMax(x, -1), tf.argMin(x, 0)]),
  plain('argMax with ties', whole, x => tf.argMax(tf.sign(x), -1)),
  differentiable('cumsum', some, x => [tf.cumsum(x, 0), tf.cumsum(x, x.rank - 1, true), tf.cumsum(x, 0, false, true)]),
  differentiable('moments', some, x => Object.values(tf.moments(x, -1, true)) as tf.Tensor[]),
  differentiable('norm', some, x => [tf.norm(x), tf.norm(x, 2, 0), tf.norm(x, 1, -1, true)]),
  differentiable('softmax', wide, x => tf.softmax(x)),
  differentiable('softmax of scores that are masked out', masked, (x, visible) =>
    tf.softmax(tf.where(visible, x, -1e9)),
  ),
  differentiable('logSoftmax', wide, x => tf.logSoftmax(x)),
  plain('topk', wide, x => {
    const { values, indices } = tf.topk(x, 3);
    return [values, indices];
  }),
];

/** Cases for kernels that rearrange values, and for those that look up and scatter them. */
import fc from 'fast-check';
import { floats, integers, seeds, shapes } from '../agreement.fixture.ts';
import { tf } from '../index.ts';
import { type Case, differentiable, plain } from './case.fixture.ts';

const some = fc.tuple(shapes(1, 4), seeds).map(([shape, seed]) => [floats(shape, seed)]);
const twins = fc.tuple(shapes(1, 3), seeds).map(([shape, seed]) => [floats(shape, seed), floats(shape, seed + 1)]);
const even = fc.tuple(shapes(1, 3), seeds).map(([shape, seed]) => [floats([...shape, 6], seed)]);

/** x [..., size, ...] and int32 indices into its axis `axis`. */
const lookup = (axis: number) =>
  fc
    .tuple(shapes(axis + 1, 4), shapes(0, 2), seeds)
    .map(([shape, picks, seed]) => [floats(shape, seed), integers(picks, seed + 1, 0, shape[axis]!)]);
/** x [b, c, size, d] and indices [b, n] into axis 2, or with a second batch axis [b, c, n]. */
const batched = (batch: number) =>
  fc
    .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }), seeds)
    .map(([shape, seed]) => [floats(shape, seed), integers([...shape.slice(0, batch), 3], seed + 1, 0, shape[2]!)]);
/** params [p, q, r], indices [n, 2] into the first two axes, updates [n, r]; the indices are distinct if asked. */
const coordinates = (distinct: boolean) =>
  fc.tuple(fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 3, maxLength: 3 }), seeds).map(([shape, seed]) => {
    const [p, q, r] = shape as [number, number, number];
    const flat = integers([3], seed + 1, 0, p * q).data;
    const cells = Array.from(flat, (cell, i) => (distinct ? (flat[0]! + i) % (p * q) : cell));
    const indices = {
      dtype: 'int32' as const,
      shape: [3, 2],
      data: Int32Array.from(cells.flatMap(c => [Math.floor(c / q), c % q])),
    };
    return [floats(shape, seed), indices, floats([3, r], seed + 2)];
  });
const segments = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4 }), seeds)
  .map(([n, d, seed]) => [floats([n, d], seed), integers([n], seed + 1, 0, 5)]);

const reversed = (x: tf.Tensor) => x.shape.map((_, i) => i).reverse();

export const shapeCases: readonly Case[] = [
  differentiable('reshape, squeeze, expandDims', some, x => [
    tf.reshape(x, [-1]),
    tf.squeeze(x),
    tf.expandDims(x, 1),
    tf.expandDims(x, -1),
  ]),
  differentiable('transpose', some, x => [tf.transpose(x), tf.transpose(tf.mul(tf.transpose(x), 2), reversed(x))]),
  differentiable('slice', some, x => [tf.slice(x, [Math.floor(x.shape[0]! / 2)], [1]), tf.slice(x, 0, [x.shape[0]!])]),
  differentiable('slice of a slice', even, x => {
    const begin = x.shape.map(() => 0);
    const inner = tf.slice(x, begin.with(-1, 1), x.shape.with(-1, 4) as number[]);
    return tf.slice(inner, begin.with(-1, 2), inner.shape.with(-1, 2) as number[]);
  }),
  differentiable('concat', twins, (a, b) => [tf.concat([a, b], 0), tf.concat([a, b, a], -1)]),
  differentiable('split', even, x => [...tf.split(x, 3, -1), ...tf.split(x, [1, 5], -1), ...tf.split(x, 1)]),
  differentiable('stack', twins, (a, b) => [tf.stack([a, b]), tf.stack([a, b], 1), tf.stack([a, b], -1)]),
  differentiable('unstack', some, x => [...tf.unstack(x), ...tf.unstack(x, -1)]),
  differentiable('tile', some, x => [
    tf.tile(
      x,
      x.shape.map((_, i) => (i % 2) + 2),
    ),
    tf.tile(x, x.shape.map(() => 1).with(0, 3)),
  ]),
  differentiable('broadcastTo', some, x => tf.broadcastTo(tf.reshape(x, [x.size, 1]), [2, x.size, 3])),
  differentiable('operations on a broadcast tensor', some, x => {
    const wide = tf.broadcastTo(tf.reshape(x, [1, x.size, 1]), [2, x.size, 3]);
    const square = tf.square(tf.transpose(wide, [2, 1, 0]));
    return [
      tf.sum(square, 0),
      tf.slice(wide, [1, 0, 1], [1, x.size, 2]),
      tf.mean(tf.reshape(tf.tanh(wide), [2, x.size, 1, 3])),
    ];
  }),
  differentiable('pad', some, x =>
    tf.pad(
      x,
      x.shape.map((_, i) => [i % 2, 1] as [number, number]),
      0.5,
    ),
  ),
  differentiable('reverse', some, x => [tf.reverse(x), tf.reverse(x, 0)]),
  plain('values made from nothing', some, x => [
    tf.range(0, x.size, 1, 'int32'),
    tf.range(3, -2, -0.5),
    tf.linspace(-1, 2, 7),
    tf.fill([2, 3], 0.25),
    tf.eye(3),
    tf.zerosLike(x),
    tf.ones([2], 'int32'),
  ]),
  plain('oneHot', lookup(0), (_, i) => [
    tf.oneHot(i, 5),
    tf.oneHot(tf.sub(i, tf.scalar(1, 'int32')), 3, 2, -1),
    tf.oneHot(i, 4, 1, 0, 'int32'),
  ]),

  differentiable('gather', lookup(0), (x, i) => tf.gather(x, i)),
  differentiable('gather along an inner axis', lookup(1), (x, i) => tf.gather(x, i, 1)),
  differentiable('gather with one batch axis', batched(1), (x, i) => tf.gather(x, i, 2, 1)),
  differentiable('gather with two batch axes', batched(2), (x, i) => tf.gather(x, i, 2, 2)),
  differentiable(
    'gatherND',
    coordinates(false).map(([x, i]) => [x!, i!]),
    (x, i) => tf.gatherND(x, i),
  ),
  differentiable(
    'scatterND',
    coordinates(false).map(([, i, u]) => [i!, u!]),
    (i, u) => tf.scatterND(i as tf.Tensor2D, u, [4, 4, u.shape[1]!] as unknown as [number]),
  ),
  differentiable('tensorScatterUpdate', coordinates(true), (x, i, u) => tf.tensorScatterUpdate(x, i as tf.Tensor2D, u)),
  differentiable('unsortedSegmentSum', segments, (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 5)),
  plain('unsortedSegmentSum drops negative ids', segments, (x, i) =>
    tf.unsortedSegmentSum(x, tf.sub(i, tf.scalar(1, 'int32')) as tf.Tensor1D, 4),
  ),
];

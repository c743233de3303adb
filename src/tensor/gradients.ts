/**
 * Gradients registered with TensorFlow.js in the place of its own where those are wrong (a broadcast operand of a matrix product),
 * missing (gatherND, scatterND, tensorScatterUpdate), fail (a broadcast operand of maximum, minimum or squaredDifference, cumsum over an inner axis,
 * a split into one) or emit an operation per row or repetition (tile, gather with batch axes).
 * They are written in tfjs operations, so every device has them.
 */
import { sameShape, sizeOf } from './graph.ts';
import { tf } from './tfjs.ts';

type Gradients = Record<string, () => tf.Tensor>;
type Shape = readonly number[];

function gradient<Attributes, Dy = tf.Tensor>(
  kernelName: string,
  inputsToSave: string[],
  rule: (dy: Dy, saved: tf.Tensor[], attributes: Attributes) => Gradients,
): void {
  const gradFunc = (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[], attributes: tf.NamedAttrMap) =>
    rule(dy as Dy, saved, attributes as Attributes);
  tf.registerGradient({ kernelName, inputsToSave, gradFunc });
}

/** Sums `x` over the axes along which `shape` was broadcast to it. */
function sumTo(x: tf.Tensor, shape: Shape): tf.Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter(i => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1));
  return tf.reshape(tf.sum(x, axes), shape.slice());
}

/** Gradients of `a × b` for the four ways of reading the operands transposed. */
function productGradients(
  a: tf.Tensor,
  b: tf.Tensor,
  dy: tf.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): Gradients {
  return {
    a: () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB)),
    b: () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false)),
  };
}

gradient<tf.BatchMatMulAttrs>(tf.BatchMatMul, ['a', 'b'], (dy, [a, b], { transposeA, transposeB }) => {
  const batchB = b!.shape.slice(0, -2);
  if (dy.shape.length > 2 && !transposeA && sizeOf(batchB) === 1) {
    const flat = (x: tf.Tensor) => tf.reshape(x, [-1, x.shape.at(-1)!]);
    const matrix = tf.reshape(b!, b!.shape.slice(-2));
    const { a: da, b: db } = productGradients(flat(a!), matrix, flat(dy), false, transposeB);
    return { a: () => tf.reshape(da!(), a!.shape), b: () => tf.reshape(db!(), b!.shape) };
  }
  const { a: da, b: db } = productGradients(a!, b!, dy, transposeA, transposeB);
  return { a: () => sumTo(da!(), a!.shape), b: () => sumTo(db!(), b!.shape) };
});

gradient<tf.TileAttrs>(tf.Tile, ['x'], (dy, [x], { reps }) => ({
  x: () => {
    const split: number[] = [];
    const repeated: number[] = [];
    x!.shape.forEach((size, i) => {
      if (reps[i] !== 1) repeated.push(split.push(reps[i]!) - 1);
      if (reps[i] === 1 || size !== 1) split.push(size);
    });
    return tf.reshape(tf.sum(tf.reshape(dy, split), repeated), x!.shape);
  },
}));

gradient<tf.GatherV2Attrs>(tf.GatherV2, ['x', 'indices'], (dy, [x, indices], { axis, batchDims }) => ({
  x: () => {
    const along = axis < 0 ? axis + x!.shape.length : axis;
    const batch = batchDims < 0 ? batchDims + indices!.shape.length : batchDims;
    const lead = x!.shape.slice(0, batch);
    const outer = x!.shape.slice(batch, along);
    const rest = [...outer, ...x!.shape.slice(along + 1)];
    const size = x!.shape[along]!;
    const count = sizeOf(lead);
    const picks = indices!.shape.length - batch;
    const order = dy.shape.map((_, i) => i);
    const [outerEnd, picksEnd] = [batch + outer.length, batch + outer.length + picks];
    const rowsFirst = [
      ...order.slice(0, batch),
      ...order.slice(outerEnd, picksEnd),
      ...order.slice(batch, outerEnd),
      ...order.slice(picksEnd),
    ];
    const updates = tf.reshape(tf.transpose(dy, rowsFirst), [indices!.size, ...rest]);
    const offsets = tf.mul(tf.range(0, count, 1, 'int32'), tf.scalar(size, 'int32'));
    const rows = tf.add(tf.reshape(indices!, [count, -1]), tf.reshape(offsets, [count, 1]));
    const sums = tf.scatterND(tf.reshape(rows, [indices!.size, 1]) as tf.Tensor2D, updates, [count * size, ...rest]);
    const full = tf.reshape(sums, [...lead, size, ...rest]);
    const axes = full.shape.map((_, i) => i);
    return tf.transpose(full, [
      ...axes.slice(0, batch),
      ...axes.slice(batch + 1, along + 1),
      batch,
      ...axes.slice(along + 1),
    ]);
  },
  indices: () => tf.zerosLike(indices!),
}));

gradient(tf.GatherNd, ['params', 'indices'], (dy, [params, indices]) => ({
  params: () => tf.scatterND(indices as tf.Tensor2D, dy, params!.shape as [number]),
  indices: () => tf.zerosLike(indices!),
}));

gradient(tf.ScatterNd, ['indices'], (dy, [indices]) => ({
  indices: () => tf.zerosLike(indices!),
  updates: () => tf.gatherND(dy, indices!),
}));

gradient(tf.TensorScatterUpdate, ['indices', 'updates'], (dy, [indices, updates]) => ({
  tensor: () => tf.tensorScatterUpdate(dy, indices as tf.Tensor2D, tf.zerosLike(updates!)),
  indices: () => tf.zerosLike(indices!),
  updates: () => tf.gatherND(dy, indices!),
}));

gradient(tf.Select, ['condition'], (dy, [condition]) => ({
  condition: () => tf.cast(tf.zerosLike(condition!), 'float32'),
  t: () => tf.where(condition!, dy, tf.zerosLike(dy)),
  e: () => tf.where(condition!, tf.zerosLike(dy), dy),
}));

/** Gradients of an operation that takes each element from one operand: `fromA(a, b)` says where it is a's. */
function choosing(kernelName: string, fromA: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): void {
  gradient(kernelName, ['a', 'b'], (dy, [a, b]) => {
    const chosen = () => fromA(a!, b!);
    const none = () => tf.zerosLike(dy);
    return {
      a: () => sumTo(tf.where(chosen(), dy, none()), a!.shape),
      b: () => sumTo(tf.where(chosen(), none(), dy), b!.shape),
    };
  });
}

choosing(tf.Maximum, tf.greaterEqual);
choosing(tf.Minimum, tf.lessEqual);

gradient(tf.SquaredDifference, ['a', 'b'], (dy, [a, b]) => {
  const slope = () => tf.mul(dy, tf.mul(tf.sub(a!, b!), 2));
  return { a: () => sumTo(slope(), a!.shape), b: () => sumTo(tf.neg(slope()), b!.shape) };
});

type OneOrMany = tf.Tensor | tf.Tensor[];
const many = (dy: OneOrMany) => (Array.isArray(dy) ? dy : [dy]);

gradient<tf.UnpackAttrs, OneOrMany>(tf.Unpack, [], (dy, _, { axis }) => ({ value: () => tf.stack(many(dy), axis) }));
gradient<tf.SplitVAttrs, OneOrMany>(tf.SplitV, [], (dy, _, { axis }) => ({ x: () => tf.concat(many(dy), axis) }));

gradient<tf.CumsumAttrs>(tf.Cumsum, [], (dy, _, { axis, exclusive, reverse }) => ({
  x: () => tf.cumsum(dy, axis, exclusive, !reverse),
}));

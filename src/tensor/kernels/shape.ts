/** Kernels that make, move and rearrange values without computing on them. */
import { fill, type GraphNode, hostNode, node, sizeOf } from '../graph.ts';
import type { DType } from '../host.ts';
import { concat, expand, reshape, slice, transpose } from '../simplify.ts';
import { tf } from '../tfjs.ts';
import { axesOf, axisOf, type KernelTable, kernel, variadic } from './kernel.ts';

/** Consecutive pieces of `x` along `axis`, of the given sizes. */
function split(x: GraphNode, sizes: readonly number[], axis: number): GraphNode[] {
  let from = 0;
  return sizes.map(size => {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    from += size;
    return slice(x, begin, x.shape.with(axis, size));
  });
}

function tile(x: GraphNode, reps: readonly number[]): GraphNode {
  const shape = x.shape.map((size, i) => size * reps[i]!);
  if (x.shape.every((size, i) => size === 1 || reps[i] === 1)) return expand(x, shape);
  return node('Tile', [x], { reps }, shape, x.dtype);
}

function pad(x: GraphNode, paddings: ReadonlyArray<readonly [number, number]>, value: number): GraphNode {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((size, i) => size + paddings[i]![0] + paddings[i]![1]);
  const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
  return node('Pad', [x], { pads, value: { float: value } }, shape, x.dtype);
}

function range(start: number, stop: number, step: number, dtype: DType): GraphNode {
  const size = Math.max(0, Math.ceil((stop - start) / step));
  return node('Range', [], { start: { float: start }, step: { float: step } }, [size], dtype);
}

export const shapes: KernelTable = {
  Identity: kernel<tf.IdentityInputs>(({ x }) => x),
  Reshape: kernel<tf.ReshapeInputs, tf.ReshapeAttrs>(({ x }, { shape }) =>
    reshape(x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ),
  ExpandDims: kernel<tf.ExpandDimsInputs, tf.ExpandDimsAttrs>(({ input }, { dim }) =>
    reshape(input, input.shape.toSpliced(dim < 0 ? input.shape.length + 1 + dim : dim, 0, 1)),
  ),
  Transpose: kernel<tf.TransposeInputs, tf.TransposeAttrs>(({ x }, { perm }) => transpose(x, perm)),
  Slice: kernel<tf.SliceInputs, tf.SliceAttrs>(({ x }, attributes) => {
    const info = { shape: x.shape.slice() } as tf.Tensor;
    const [begin, size] = tf.slice_util.parseSliceParams(info, attributes.begin, attributes.size);
    return slice(x, begin!, size!);
  }),
  Reverse: kernel<tf.ReverseInputs, tf.ReverseAttrs>(({ x }, { dims }) => {
    const axes = axesOf(dims, x).filter(axis => x.shape[axis]! > 1);
    return axes.length === 0 ? x : node('Reverse', [x], { axes }, x.shape, x.dtype);
  }),
  Concat: variadic<tf.ConcatAttrs>((inputs, { axis }) => concat(inputs, axisOf(axis, inputs[0]!))),
  SplitV: kernel<tf.SplitVInputs, tf.SplitVAttrs>(({ x }, { numOrSizeSplits, axis }) => {
    const along = axisOf(axis, x);
    const info = { shape: x.shape.slice() } as tf.Tensor;
    return split(x, tf.backend_util.prepareSplitSize(info, numOrSizeSplits, along), along);
  }),
  Pack: variadic<tf.PackAttrs>((inputs, { axis }) => {
    const at = axis < 0 ? axis + inputs[0]!.shape.length + 1 : axis;
    return concat(
      inputs.map(input => reshape(input, input.shape.toSpliced(at, 0, 1))),
      at,
    );
  }),
  Unpack: kernel<tf.UnpackInputs, tf.UnpackAttrs>(({ value }, { axis }) => {
    const along = axisOf(axis, value);
    const rows = split(value, Array<number>(value.shape[along]!).fill(1), along);
    return rows.map(row => reshape(row, value.shape.toSpliced(along, 1)));
  }),
  Tile: kernel<tf.TileInputs, tf.TileAttrs>(({ x }, { reps }) => tile(x, reps)),
  BroadcastTo: kernel<tf.BroadcastToInputs, tf.BroadCastToAttrs>(({ x }, { shape }) => expand(x, shape)),
  PadV2: kernel<tf.PadV2Inputs, tf.PadV2Attrs>(({ x }, { paddings, constantValue }) => pad(x, paddings, constantValue)),

  Fill: kernel<object, tf.FillAttrs>((_, { shape, value, dtype }) =>
    fill(Number(value), shape, (dtype ?? 'float32') as DType),
  ),
  ZerosLike: kernel<tf.ZerosLikeInputs>(({ x }) => fill(0, x.shape, x.dtype)),
  OnesLike: kernel<tf.OnesLikeInputs>(({ x }) => fill(1, x.shape, x.dtype)),
  Range: kernel<object, tf.RangeAttrs>((_, { start, stop, step, dtype }) =>
    range(start, stop, step || 1, (dtype ?? 'float32') as DType),
  ),
  LinSpace: kernel<object, tf.LinSpaceAttrs>((_, { start, stop, num }) => {
    const step = num > 1 ? (stop - start) / (num - 1) : 0;
    return hostNode(
      Float32Array.from({ length: num }, (_, i) => start + i * step),
      [num],
      'float32',
    );
  }),
};

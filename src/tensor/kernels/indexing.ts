/** Kernels that look up, scatter and select by index. Indices must be in range: the runtime stops at one that is not. */
import { fill, type GraphNode, node, type Shape, sizeOf } from '../graph.ts';
import type { DType } from '../host.ts';
import { binary, cast, reshape, select, transpose } from '../simplify.ts';
import type { tf } from '../tfjs.ts';
import { axisOf, type KernelTable, kernel } from './kernel.ts';

const indexRange = (size: number): GraphNode =>
  node('Range', [], { start: { float: 0 }, step: { float: 1 } }, [size], 'int32');

function gather(x: GraphNode, indices: GraphNode, axis: number): GraphNode {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return node('Gather', [x, cast(indices, 'int32')], { axis }, shape, x.dtype);
}

/** Gather whose first `batch` axes are those of the indices too: rows of a flat table, offset by their batch. */
function batchedGather(x: GraphNode, indices: GraphNode, axis: number, batch: number): GraphNode {
  const lead = x.shape.slice(0, batch);
  const between = x.shape.slice(batch, axis);
  const axes = x.shape.map((_, i) => i);
  const moved = transpose(x, [...axes.slice(0, batch), axis, ...axes.slice(batch).filter(other => other !== axis)]);
  const size = x.shape[axis]!;
  const count = sizeOf(lead);
  const rest = [...between, ...x.shape.slice(axis + 1)];
  const offsets = reshape(binary('Mul', indexRange(count), fill(size, [], 'int32')), [count, 1]);
  const perBatch = indices.shape.slice(batch);
  const rows = binary('Add', reshape(cast(indices, 'int32'), [count, sizeOf(perBatch)]), offsets);
  const picked = reshape(gather(reshape(moved, [count * size, ...rest]), rows, 0), [...lead, ...perBatch, ...rest]);
  const start = batch + perBatch.length;
  const order = picked.shape.map((_, i) => i);
  const outer = order.slice(start, start + between.length);
  return transpose(picked, [
    ...order.slice(0, batch),
    ...outer,
    ...order.slice(batch, start),
    ...order.slice(start + between.length),
  ]);
}

/** Sums `updates` into zeros of `shape` at `indices` [..., k]. */
export function scatterAdd(indices: GraphNode, updates: GraphNode, shape: Shape): GraphNode {
  return node('ScatterAdd', [indices, updates], {}, shape, updates.dtype);
}

/** Rows of `x` summed by segment; ids outside [0, segments) are dropped. */
function segmentSum(x: GraphNode, ids: GraphNode, segments: number): GraphNode {
  const zero = fill(0, [], 'int32');
  const inside = binary(
    'And',
    binary('GreaterOrEqual', ids, zero, 'bool'),
    binary('Less', ids, fill(segments, [], 'int32'), 'bool'),
    'bool',
  );
  const rest = x.shape.slice(ids.shape.length);
  const kept = select(reshape(inside, [...ids.shape, ...rest.map(() => 1)]), x, fill(0, [], x.dtype));
  const safe = reshape(select(inside, ids, zero), [...ids.shape, 1]);
  return scatterAdd(safe, kept, [segments, ...rest]);
}

function oneHot(indices: GraphNode, depth: number, on: number, off: number, dtype: DType): GraphNode {
  const hit = binary('Equal', reshape(indices, [...indices.shape, 1]), indexRange(depth), 'bool');
  return on === 1 && off === 0 ? cast(hit, dtype) : select(hit, fill(on, [], dtype), fill(off, [], dtype));
}

export const indexing: KernelTable = {
  GatherV2: kernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(({ x, indices }, { axis, batchDims }) => {
    const along = axisOf(axis, x);
    const batch = batchDims < 0 ? batchDims + indices.shape.length : batchDims;
    return batch ? batchedGather(x, indices, along, batch) : gather(x, indices, along);
  }),
  GatherNd: kernel<tf.GatherNdInputs>(({ params, indices }) => {
    const depth = indices.shape.at(-1)!;
    return node(
      'GatherND',
      [params, indices],
      {},
      [...indices.shape.slice(0, -1), ...params.shape.slice(depth)],
      params.dtype,
    );
  }),
  ScatterNd: kernel<tf.ScatterNdInputs, tf.ScatterNdAttrs>(({ indices, updates }, { shape }) =>
    scatterAdd(indices, updates, shape),
  ),
  TensorScatterUpdate: kernel<tf.TensorScatterUpdateInputs>(({ tensor, indices, updates }) =>
    node('ScatterND', [tensor, indices, updates], {}, tensor.shape, tensor.dtype),
  ),
  UnsortedSegmentSum: kernel<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(
    ({ x, segmentIds }, { numSegments }) => segmentSum(x, segmentIds, numSegments),
  ),
  OneHot: kernel<tf.OneHotInputs, tf.OneHotAttrs>(({ indices }, { depth, onValue, offValue, dtype }) =>
    oneHot(indices, depth, onValue, offValue, (dtype ?? 'float32') as DType),
  ),
  TopK: kernel<tf.TopKInputs, tf.TopKAttrs>(({ x }, { k, sorted }) => {
    const shape = x.shape.with(-1, k);
    const indices = node('TopK', [x], { k, sorted: Number(sorted) }, shape, 'int32');
    return [node('GatherElements', [x, indices], { axis: shape.length - 1 }, shape, x.dtype), indices];
  }),
};

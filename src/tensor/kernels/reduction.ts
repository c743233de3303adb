/** Kernels that reduce or scan along axes. */
import { type GraphNode, node } from '../graph.ts';
import { cast, reduce } from '../simplify.ts';
import type { tf } from '../tfjs.ts';
import { axesOf, axisOf, type KernelTable, kernel } from './kernel.ts';

interface Reduction {
  readonly axis: number | readonly number[];
  readonly keepDims: boolean;
}

const reduction = (op: string, prepare: (x: GraphNode) => GraphNode = x => x) =>
  kernel<tf.UnaryInputs, Reduction>(({ x }, { axis, keepDims }) => reduce(op, prepare(x), axesOf(axis, x), keepDims));

/** ONNX has no reduction of booleans: count them as integers. */
const ofBooleans = (op: string) =>
  kernel<tf.UnaryInputs, Reduction>(({ x }, { axis, keepDims }) =>
    cast(reduce(op, cast(x, 'int32'), axesOf(axis, x), keepDims), 'bool'),
  );

const argument = (op: string) =>
  kernel<tf.UnaryInputs, { readonly axis: number }>(({ x }, { axis }) => {
    const along = axisOf(axis, x);
    return node(op, [x], { axis: along, keepdims: 0 }, x.shape.toSpliced(along, 1), 'int32');
  });

export const reductions: KernelTable = {
  Sum: reduction('ReduceSum', x => (x.dtype === 'bool' ? cast(x, 'int32') : x)),
  Mean: reduction('ReduceMean', x => cast(x, 'float32')),
  Max: kernel<tf.MaxInputs, tf.MaxAttrs>(({ x }, { reductionIndices, keepDims }) =>
    reduce('ReduceMax', x, axesOf(reductionIndices, x), keepDims),
  ),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  All: ofBooleans('ReduceMin'),
  Any: ofBooleans('ReduceMax'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Cumsum: kernel<tf.CumsumInputs, tf.CumsumAttrs>(({ x }, { axis, exclusive, reverse }) =>
    node(
      'CumSum',
      [x],
      { axis: axisOf(axis, x), exclusive: Number(exclusive), reverse: Number(reverse) },
      x.shape,
      x.dtype,
    ),
  ),
};

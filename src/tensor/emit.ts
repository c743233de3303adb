/**
 * How each operator of the recorded graph is written as ONNX. An operator without an entry here has ONNX's own name and attributes;
 * the table holds those that need constants, casts or several nodes.
 */
import { fillValue, type GraphNode, sizeOf } from './graph.ts';
import { BLOCK } from './int8.ts';
import { contrib, ELEMENT_TYPE, type ModelWriter } from './onnx.ts';

/** Returns the name of the value, or of each of the operator's outputs. */
export type Emit = (writer: ModelWriter, node: GraphNode, inputs: readonly string[]) => string | readonly string[];

const float = (node: GraphNode, name: string): number => (node.attributes[name] as { readonly float: number }).float;
const ints = (node: GraphNode, name: string): readonly number[] => node.attributes[name] as readonly number[];

const asInt64 = (writer: ModelWriter, value: string): string => writer.op('Cast', [value], { to: ELEMENT_TYPE.int64 });
const asInt32 = (writer: ModelWriter, value: string): string => writer.op('Cast', [value], { to: ELEMENT_TYPE.int32 });

/** Reductions take their axes as an input (opset 18). */
const reduction: Emit = (writer, node, [x]) =>
  writer.op(node.op, [x!, writer.int64(ints(node, 'axes'))], { keepdims: node.attributes.keepdims! });

const argument: Emit = (writer, node, inputs) => asInt32(writer, writer.op(node.op, inputs, node.attributes));

function matmul(writer: ModelWriter, node: GraphNode, inputs: readonly string[]): string {
  const { transA, transB } = node.attributes;
  if (!transA && !transB) return writer.op('MatMul', inputs);
  const flat = node.inputs.every(input => input.shape.length === 2);
  if (flat) return writer.op('Gemm', inputs, { transA: transA!, transB: transB! });
  return writer.op('FusedMatMul', inputs, { transA: transA!, transB: transB! }, contrib);
}

function slice(writer: ModelWriter, node: GraphNode, [x]: readonly string[]): string {
  const begin = ints(node, 'begin');
  const size = ints(node, 'size');
  const axes = begin.map((_, i) => i).filter(i => size[i] !== node.inputs[0]!.shape[i]);
  const from = axes.map(i => begin[i]!);
  const to = axes.map(i => begin[i]! + size[i]!);
  return writer.op('Slice', [x!, writer.int64(from), writer.int64(to), writer.int64(axes)]);
}

function reverse(writer: ModelWriter, node: GraphNode, [x]: readonly string[]): string {
  const axes = ints(node, 'axes');
  const every = (value: number) => writer.int64(axes.map(() => value));
  return writer.op('Slice', [x!, every(-1), every(-(2 ** 31)), writer.int64(axes), every(-1)]);
}

function range(writer: ModelWriter, node: GraphNode): string {
  const [start, step] = [float(node, 'start'), float(node, 'step')];
  const values = Array.from({ length: sizeOf(node.shape) }, (_, i) => start + i * step);
  return node.dtype === 'int32'
    ? writer.constant('int32', node.shape, Int32Array.from(values))
    : writer.constant('float32', node.shape, Float32Array.from(values));
}

function filled(writer: ModelWriter, node: GraphNode): string {
  const value = fillValue(node)!;
  if (sizeOf(node.shape) === 1) return writer.scalar(value, node.dtype, node.shape);
  return writer.op('Expand', [writer.scalar(value, node.dtype), writer.int64(node.shape)]);
}

function scatterAdd(writer: ModelWriter, node: GraphNode, [indices, updates]: readonly string[]): string {
  const zeros = writer.op('Expand', [writer.scalar(0, node.dtype), writer.int64(node.shape)]);
  return writer.op('ScatterND', [zeros, asInt64(writer, indices!), updates!], { reduction: 'add' });
}

function topK(writer: ModelWriter, node: GraphNode, [x]: readonly string[]): string {
  const { k, sorted } = node.attributes;
  const options = { axis: -1, largest: 1, sorted: sorted! };
  const [, indices] = writer.ops('TopK', [x!, writer.int64([k as number])], 2, options);
  return asInt32(writer, indices!);
}

export const EMIT: Readonly<Record<string, Emit>> = {
  Fill: filled,
  Range: range,
  MatMul: matmul,
  Slice: slice,
  Reverse: reverse,
  ReduceSum: reduction,
  ReduceSumSquare: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ArgMax: argument,
  ArgMin: argument,
  TopK: topK,
  ScatterAdd: scatterAdd,
  Expand: (writer, node, [x]) => writer.op('Expand', [x!, writer.int64(node.shape)]),
  Reshape: (writer, node, [x]) =>
    writer.op('Reshape', [x!, writer.int64(node.shape)], { allowzero: Number(node.shape.includes(0)) }),
  Tile: (writer, node, [x]) => writer.op('Tile', [x!, writer.int64(ints(node, 'reps'))]),
  Pad: (writer, node, [x]) =>
    writer.op('Pad', [x!, writer.int64(ints(node, 'pads')), writer.scalar(float(node, 'value'), node.dtype)]),
  Clip: (writer, node, [x]) =>
    writer.op('Clip', [
      x!,
      writer.scalar(float(node, 'low'), node.dtype),
      writer.scalar(float(node, 'high'), node.dtype),
    ]),
  CumSum: (writer, node, [x]) => {
    const { axis, exclusive, reverse: backwards } = node.attributes;
    return writer.op('CumSum', [x!, writer.int64([axis as number], [])], {
      exclusive: exclusive!,
      reverse: backwards!,
    });
  },
  SimplifiedLayerNormalization: (writer, node, inputs) => writer.ops(node.op, inputs, 2, node.attributes),
  RotaryEmbedding: (writer, node, [x, positions, cos, sin]) =>
    writer.op(node.op, [x!, positions!, cos!, sin!], { interleaved: 0 }, contrib),
  Int8Product: (writer, node, inputs) =>
    writer.op('MatMulNBits', inputs, { ...node.attributes, bits: 8, block_size: BLOCK, accuracy_level: 4 }, contrib),
  Positions: (writer, node) => writer.int64([...Array(sizeOf(node.shape)).keys()], node.shape),
  TruncatedMod: (writer, _, inputs) => writer.op('Mod', inputs, { fmod: 1 }),
  GatherND: (writer, _, [x, indices]) => writer.op('GatherND', [x!, asInt64(writer, indices!)]),
  ScatterND: (writer, _, [x, indices, updates]) => writer.op('ScatterND', [x!, asInt64(writer, indices!), updates!]),
};

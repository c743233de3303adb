/**
 * Constructors of graph nodes that simplify while they build, so that what autograd writes naively never reaches the runtime:
 * uniform values stay `Fill`, broadcasts sink below the operations that follow them, reshapes and transposes merge.
 * Every rule keeps the value exactly, NaN and infinities included; shapes and dtypes in and out are the caller's contract.
 */
import { broadcastShape, fill, fillValue, type GraphNode, node, type Shape, sameShape, sizeOf } from './graph.ts';
import type { DType } from './host.ts';

export function expand(x: GraphNode, shape: Shape): GraphNode {
  if (sameShape(x.shape, shape)) return x;
  const value = fillValue(x);
  if (value !== undefined) return fill(value, shape, x.dtype);
  return node('Expand', [x.op === 'Expand' ? x.inputs[0]! : x], {}, shape, x.dtype);
}

/** The node before it was broadcast: an Expand's source, a Fill's scalar. */
export function unexpanded(x: GraphNode): GraphNode {
  if (x.op === 'Expand') return x.inputs[0]!;
  const value = fillValue(x);
  return value === undefined || x.shape.length === 0 ? x : fill(value, [], x.dtype);
}

/** The shape of an Expand's source with leading 1s up to the Expand's rank. */
function sourceShape(x: GraphNode): Shape {
  const source = x.inputs[0]!.shape;
  return [...Array<number>(x.shape.length - source.length).fill(1), ...source];
}

export function reshape(x: GraphNode, shape: Shape): GraphNode {
  if (sameShape(x.shape, shape)) return x;
  if (x.op === 'Reshape') return reshape(x.inputs[0]!, shape);
  const value = fillValue(x);
  if (value !== undefined) return fill(value, shape, x.dtype);
  if (x.op === 'Expand') {
    const wide = (s: Shape) => s.filter(size => size !== 1);
    if (sameShape(wide(x.shape), wide(shape))) {
      const kept = sourceShape(x).filter((_, i) => x.shape[i] !== 1);
      let next = 0;
      const source = shape.map(size => (size === 1 ? 1 : kept[next++]!));
      return expand(reshape(x.inputs[0]!, source), shape);
    }
  }
  return node('Reshape', [x], {}, shape, x.dtype);
}

export function transpose(x: GraphNode, perm: readonly number[]): GraphNode {
  if (perm.every((axis, i) => axis === i)) return x;
  const shape = perm.map(axis => x.shape[axis]!);
  const value = fillValue(x);
  if (value !== undefined) return fill(value, shape, x.dtype);
  if (x.op === 'Transpose') {
    const inner = x.attributes.perm as readonly number[];
    return transpose(
      x.inputs[0]!,
      perm.map(axis => inner[axis]!),
    );
  }
  if (x.op === 'Expand') return expand(transpose(reshape(x.inputs[0]!, sourceShape(x)), perm), shape);
  const wide = perm.filter(axis => x.shape[axis] !== 1);
  if (wide.every((axis, i) => i === 0 || axis > wide[i - 1]!)) return reshape(x, shape);
  return node('Transpose', [x], { perm }, shape, x.dtype);
}

const ONNX_TYPE = { float32: 1, int32: 6, bool: 9 } as const;

export function cast(x: GraphNode, dtype: DType): GraphNode {
  if (x.dtype === dtype) return x;
  const value = fillValue(x);
  if (value !== undefined) return fill(value, x.shape, dtype);
  return unary('Cast', x, { to: ONNX_TYPE[dtype] }, dtype);
}

export function unary(op: string, x: GraphNode, attributes = {}, dtype: DType = x.dtype): GraphNode {
  if (x.op === 'Expand') return expand(unary(op, x.inputs[0]!, attributes, dtype), x.shape);
  if (op === 'Neg') return negate(x);
  return node(op, [x], attributes, x.shape, dtype);
}

function negate(x: GraphNode): GraphNode {
  const value = fillValue(x);
  if (value !== undefined) return fill(-value, x.shape, x.dtype);
  if (x.op === 'Neg') return x.inputs[0]!;
  const factor = x.op === 'Mul' && x.dtype === 'float32' ? fillValue(x.inputs[1]!) : undefined;
  if (factor === undefined) return node('Neg', [x], {}, x.shape, x.dtype);
  return node('Mul', [x.inputs[0]!, fill(-factor, x.inputs[1]!.shape, x.dtype)], {}, x.shape, x.dtype);
}

type Fold = (x: number, y: number) => number;
const FOLD: Readonly<Record<string, Fold>> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
};

/** What an operation with one uniform operand amounts to, if that is no operation at all. */
function withoutEffect(op: string, a: GraphNode, b: GraphNode): GraphNode | undefined {
  const x = fillValue(a);
  const y = fillValue(b);
  if (op === 'Mul') return x === 1 ? b : y === 1 ? a : undefined;
  if (op === 'Add') return x === 0 ? b : y === 0 ? a : undefined;
  if (op === 'Sub') return y === 0 ? a : undefined;
  if (op === 'Div') return y === 1 ? a : undefined;
  return undefined;
}

/** Elementwise operation of two nodes under broadcasting; `dtype` is the result's. */
export function binary(op: string, a: GraphNode, b: GraphNode, dtype: DType = a.dtype): GraphNode {
  const shape = broadcastShape(a.shape, b.shape);
  const same = withoutEffect(op, a, b);
  if (same) return expand(same, shape);
  const x = fillValue(a);
  const y = fillValue(b);
  const fold = FOLD[op];
  if (fold && dtype === 'float32' && x !== undefined && y !== undefined) return fill(fold(x, y), shape, dtype);
  const smallA = unexpanded(a);
  const smallB = unexpanded(b);
  const small = broadcastShape(smallA.shape, smallB.shape);
  if (sizeOf(small) < sizeOf(shape)) return expand(binary(op, smallA, smallB, dtype), shape);
  const [left, right] = sameShape(small, shape) ? [smallA, smallB] : [a, b];
  if (op !== 'Mul') return node(op, [left, right], {}, shape, dtype);
  return multiply(left, right, shape, dtype);
}

/** Product with the scalar on the right, so that scalar factors of a product of products become one. */
function multiply(a: GraphNode, b: GraphNode, shape: Shape, dtype: DType): GraphNode {
  const [left, right] = a.op === 'Fill' ? [b, a] : [a, b];
  const factor = fillValue(right);
  const inner = left.op === 'Mul' ? fillValue(left.inputs[1]!) : undefined;
  if (dtype === 'float32' && factor !== undefined && inner !== undefined && right.shape.length === 0)
    return multiply(left.inputs[0]!, fill(factor * inner, [], dtype), shape, dtype);
  if (factor === -1 && right.shape.length === 0) return negate(left);
  if (factor !== undefined && left.op === 'Neg' && right.shape.length === 0)
    return multiply(left.inputs[0]!, fill(-factor, [], dtype), shape, dtype);
  return node('Mul', [left, right], {}, shape, dtype);
}

/** `condition ? a : b` under broadcasting. */
export function select(condition: GraphNode, a: GraphNode, b: GraphNode): GraphNode {
  const shape = broadcastShape(broadcastShape(condition.shape, a.shape), b.shape);
  const operands = [condition, a, b];
  operands.forEach((operand, i) => {
    const small = operands.map((other, j) => (i === j ? unexpanded(operand) : other));
    const reach = small.map(other => other.shape).reduce(broadcastShape);
    if (sameShape(reach, shape)) operands[i] = small[i]!;
  });
  return node('Where', operands, {}, shape, a.dtype);
}

/** ReduceSum, ReduceMean, ReduceMax… over `axes` (ascending, non-negative). */
export function reduce(
  op: string,
  x: GraphNode,
  axes: readonly number[],
  keepDims: boolean,
  dtype: DType = x.dtype,
): GraphNode {
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const shape = keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i));
  const long = axes.filter(axis => x.shape[axis] !== 1);
  if (long.length === 0) return reshape(x, shape);
  const count = long.reduce((product, axis) => product * x.shape[axis]!, 1);
  const value = fillValue(x);
  if (value !== undefined && op === 'ReduceSum') return fill(value * count, shape, dtype);
  if (value !== undefined && op === 'ReduceMean') return fill(value, shape, dtype);
  return node(op, [x], { axes, keepdims: Number(keepDims) }, shape, dtype);
}

export function slice(x: GraphNode, begin: readonly number[], size: Shape): GraphNode {
  if (sameShape(size, x.shape)) return x;
  const value = fillValue(x);
  if (value !== undefined) return fill(value, size, x.dtype);
  if (x.op === 'Expand') {
    const source = sourceShape(x);
    const narrow = begin.map((from, i) => (source[i] === 1 ? 0 : from));
    const narrowSize = size.map((length, i) => (source[i] === 1 ? 1 : length));
    return expand(slice(reshape(x.inputs[0]!, source), narrow, narrowSize), size);
  }
  if (x.op === 'Slice') {
    const inner = x.attributes.begin as readonly number[];
    return slice(
      x.inputs[0]!,
      begin.map((from, i) => from + inner[i]!),
      size,
    );
  }
  return node('Slice', [x], { begin, size }, size, x.dtype);
}

export function concat(parts: readonly GraphNode[], axis: number): GraphNode {
  const first = parts[0]!;
  const shape = first.shape.slice();
  shape[axis] = parts.reduce((total, part) => total + part.shape[axis]!, 0);
  const filled = parts.filter(part => part.shape[axis] !== 0);
  if (filled.length === 1) return filled[0]!;
  const value = fillValue(first);
  if (value !== undefined && parts.every(part => Object.is(fillValue(part), value)))
    return fill(value, shape, first.dtype);
  return node('Concat', filled, { axis }, shape, first.dtype);
}

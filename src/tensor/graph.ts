/**
 * The graph that the `onnx` backend records: immutable nodes with static shapes.
 * A node is an ONNX operator (or one of the leaves below) over other nodes; it computes nothing until the graph is lowered and run.
 * Inside `record` equal nodes are one node (common subexpressions are found by construction), so passes may compare nodes by identity.
 * Leaves: `Input` is bound at run time, `Host` carries values, `Frozen` points into a weights file, `Fill` is one value repeated.
 */
import { RecodiError } from './errors.ts';
import type { DataArray, DType } from './host.ts';
import type { AttributeValue } from './onnx.ts';

export type Shape = readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Where a frozen tensor's float32 values lie: `bytes` bytes from `offset` in `file` (absolute path). */
export interface FrozenSlice {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface GraphNode {
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly GraphNode[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Values of a `Host` leaf. */
  readonly data?: DataArray;
  /** Location of a `Frozen` leaf. */
  readonly slice?: FrozenSlice;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Shape of `a` and `b` under NumPy broadcasting. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new RecodiError('internal', `shapes [${a}] and [${b}] do not broadcast: axis ${i} is ${x} and ${y}`);
    return x === 1 ? y : x;
  });
}

let nextId = 0;
let known: Map<string, GraphNode> | undefined;

/** Runs `body`, sharing equal nodes among all that it makes. Recordings do not nest. */
export function record<T>(body: () => T): T {
  if (known) throw new RecodiError('usage', 'a compiled function was called while another one is being recorded');
  known = new Map();
  try {
    return body();
  } finally {
    known = undefined;
  }
}

export const isRecording = (): boolean => known !== undefined;

export function node(
  op: string,
  inputs: readonly GraphNode[],
  attributes: Attributes,
  shape: Shape,
  dtype: DType,
): GraphNode {
  const key = `${op}|${inputs.map(input => input.id)}|${JSON.stringify(attributes)}|${shape}|${dtype}`;
  const found = known?.get(key);
  if (found) return found;
  const made: GraphNode = { id: nextId++, op, inputs, attributes, shape, dtype };
  known?.set(key, made);
  return made;
}

/** One value everywhere. Non-finite and negative-zero values survive: the value is kept as text in the node's identity. */
export function fill(value: number, shape: Shape, dtype: DType): GraphNode {
  const exact = dtype === 'float32' ? Math.fround(value) : dtype === 'bool' ? Number(value !== 0) : Math.trunc(value);
  return node('Fill', [], { value: Object.is(exact, -0) ? '-0' : String(exact) }, shape, dtype);
}

/** The value of a `Fill`, undefined for any other node. */
export const fillValue = (of: GraphNode): number | undefined =>
  of.op === 'Fill' ? Number(of.attributes.value) : undefined;

export const inputNode = (shape: Shape, dtype: DType): GraphNode => ({
  id: nextId++,
  op: 'Input',
  inputs: [],
  attributes: {},
  shape,
  dtype,
});

export const hostNode = (data: DataArray, shape: Shape, dtype: DType): GraphNode => ({
  ...inputNode(shape, dtype),
  op: 'Host',
  data,
});

export const frozenNode = (slice: FrozenSlice, shape: Shape): GraphNode => ({
  ...inputNode(shape, 'float32'),
  op: 'Frozen',
  slice,
});

/** Nodes that `outputs` need, each after its inputs. */
export function topological(outputs: readonly GraphNode[]): GraphNode[] {
  const order: GraphNode[] = [];
  const done = new Set<GraphNode>();
  const stack = outputs.map(output => ({ of: output, next: 0 })).reverse();
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const input = top.of.inputs[top.next];
    if (done.has(top.of)) stack.pop();
    else if (input) {
      top.next += 1;
      if (!done.has(input)) stack.push({ of: input, next: 0 });
    } else {
      done.add(top.of);
      order.push(top.of);
      stack.pop();
    }
  }
  return order;
}

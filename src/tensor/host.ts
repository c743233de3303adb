/**
 * Values on the host side of a compiled function: typed arrays with a shape, and trees (records and arrays) of them.
 * A HostArray refers to its data, it never copies it.
 */
import { RecodiError } from './errors.ts';
import { tf } from './tfjs.ts';

export type DType = 'float32' | 'int32' | 'bool';
export type DataArray = Float32Array | Int32Array | Uint8Array;

export interface HostArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: DataArray;
}

/** The tree `T` of tensors with a HostArray in the place of each tensor. */
export type Host<T> = T extends tf.Tensor ? HostArray : { readonly [K in keyof T]: Host<T[K]> };

export const ARRAY_OF = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function checked(dtype: DType, data: DataArray, shape: readonly number[]): HostArray {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (size !== data.length)
    throw new RecodiError('internal', `shape [${shape}] holds ${size} values, ${data.length} came`);
  return { dtype, shape, data };
}

/** float32 values of `shape`; a Float32Array is referred to, anything else is copied · throws when the sizes differ */
export function f32(data: Float32Array | ArrayLike<number>, shape: readonly number[]): HostArray {
  return checked('float32', data instanceof Float32Array ? data : Float32Array.from(data), shape);
}

/** int32 values of `shape`; an Int32Array is referred to, anything else is copied · throws when the sizes differ */
export function i32(data: Int32Array | ArrayLike<number>, shape: readonly number[]): HostArray {
  return checked('int32', data instanceof Int32Array ? data : Int32Array.from(data), shape);
}

type Node = unknown;
const isBranch = (node: Node): node is Record<string, Node> | Node[] => typeof node === 'object' && node !== null;
const isHostArray = (node: Node): node is HostArray =>
  isBranch(node) && 'dtype' in node && 'data' in node && ArrayBuffer.isView(node.data);

/** Rebuilds a tree with `leaf` applied to what `isLeaf` accepts, in key order; `undefined` branches stay. */
function mapTree<L>(tree: Node, isLeaf: (node: Node) => node is L, leaf: (value: L, path: string) => Node): Node {
  const visit = (node: Node, path: string): Node => {
    if (isLeaf(node)) return leaf(node, path);
    if (node === undefined) return undefined;
    if (Array.isArray(node)) return node.map((child, i) => visit(child, `${path}[${i}]`));
    if (isBranch(node) && !ArrayBuffer.isView(node))
      return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child, `${path}.${key}`)]));
    throw new RecodiError(
      'internal',
      `expected a tensor at ${path || 'the top'}, got ${typeof node} ${String(node).slice(0, 40)}: pass numbers as f32([x], [])`,
    );
  };
  return visit(tree, '');
}

export const mapHostArrays = (tree: Node, leaf: (array: HostArray, path: string) => Node): Node =>
  mapTree(tree, isHostArray, leaf);

const isTensor = (node: Node): node is tf.Tensor => node instanceof tf.Tensor;

export const mapTensors = (tree: Node, leaf: (tensor: tf.Tensor, path: string) => Node): Node =>
  mapTree(tree, isTensor, leaf);

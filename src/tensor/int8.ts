/**
 * Products with frozen matrices in 8-bit integers: a quarter of the memory to read, for a small error. Each row of weights is cut
 * into blocks, whose values are whole multiples of a scale (symmetric, to nearest); ONNX Runtime does the same to the other
 * operand as it computes. The matrices are quantised once per thread.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type FrozenSlice, frozenNode, type GraphNode, node } from './graph.ts';
import type { Rule, Rules } from './rewrite.ts';

/** Weights of a row that share a scale. */
export const BLOCK = 64;
/** What stands for 0. */
const ZERO = 128;
const LARGEST = 127;

/** A matrix [rows, columns] in blocks of its rows: a weight is (value - 128) · scale. */
export interface Int8Matrix {
  /** 128 behind the last column. */
  readonly values: Uint8Array;
  readonly shape: readonly [rows: number, blocks: number, block: number];
  /** [rows, blocks] */
  readonly scales: Float32Array;
}

export function quantise(weights: Float32Array, rows: number): Int8Matrix {
  const columns = weights.length / rows;
  const blocks = Math.ceil(columns / BLOCK);
  const values = new Uint8Array(rows * blocks * BLOCK).fill(ZERO);
  const scales = new Float32Array(rows * blocks);
  for (let block = 0; block < rows * blocks; block++) {
    const row = Math.floor(block / blocks);
    const begin = row * columns + (block % blocks) * BLOCK;
    const end = Math.min(begin + BLOCK, (row + 1) * columns);
    let largest = 0;
    for (let i = begin; i < end; i++) {
      const size = Math.abs(weights[i]!);
      if (size > largest) largest = size;
    }
    if (largest === 0) continue;
    scales[block] = largest / LARGEST;
    const steps = LARGEST / largest;
    const shift = block * BLOCK - begin;
    for (let i = begin; i < end; i++) values[shift + i] = (weights[i]! * steps + (ZERO + 0.5)) | 0;
  }
  return { values, shape: [rows, blocks, BLOCK], scales };
}

const matrices = new Map<string, Int8Matrix>();
const leaves = new WeakMap<GraphNode, GraphNode>();

/** The matrix of an `Int8` leaf; read and quantised when first asked for. */
export function int8Matrix({ slice, shape }: GraphNode): Int8Matrix {
  const { file, offset, bytes } = slice!;
  const key = `${offset} ${file}`;
  const known = matrices.get(key);
  if (known) return known;
  const made = quantise(readFloats({ file, offset, bytes }), shape[0]!);
  matrices.set(key, made);
  return made;
}

export function releaseInt8(): void {
  matrices.clear();
}

function readFloats({ file, offset, bytes }: FrozenSlice): Float32Array {
  const weights = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
  const descriptor = openSync(file, 'r');
  try {
    for (let done = 0; done < bytes; ) {
      const read = readSync(descriptor, new Uint8Array(weights.buffer, done), 0, bytes - done, offset + done);
      if (read === 0) throw new Error(`${file} ends ${bytes - done} bytes early: it changed while it was read`);
      done += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return weights;
}

/** x [n, columns] times the transpose of a frozen matrix. */
const product: Rule = at => {
  const [x, weights] = at.inputs;
  const { transA, transB } = at.attributes;
  if (weights?.op !== 'Frozen' || transA || !transB || x!.shape.length !== 2) return undefined;
  const [rows, columns] = weights.shape as [number, number];
  const leaf = leafOf(weights);
  const part = (index: number) => node('Output', [leaf], { index }, [], 'float32');
  const sizes = { K: columns, N: rows };
  return [[at, renewed => node('Int8Product', [renewed(x!), part(0), part(1)], sizes, at.shape, at.dtype)]];
};

export const int8Rules: Rules = { MatMul: [product] };

/** What holds a frozen matrix in integers: values and scales as two outputs. */
function leafOf(weights: GraphNode): GraphNode {
  const known = leaves.get(weights);
  if (known) return known;
  const leaf = { ...frozenNode(weights.slice!, weights.shape), op: 'Int8' };
  leaves.set(weights, leaf);
  return leaf;
}

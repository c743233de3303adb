/** Matrix products. Transposed operands are flags of the product, never nodes of their own; batch axes broadcast. */

import { RecodiError } from '../errors.ts';
import { broadcastShape, type GraphNode, node, sizeOf } from '../graph.ts';
import { binary, reshape, unary } from '../simplify.ts';
import type { tf } from '../tfjs.ts';
import { clip } from './elementwise.ts';
import { type KernelTable, kernel } from './kernel.ts';

/** An operand and whether it is read transposed: a Transpose of the last two axes becomes a flag. */
function absorb(x: GraphNode, transposed: boolean): { x: GraphNode; transposed: boolean } {
  const rank = x.shape.length;
  if (x.op !== 'Transpose') return { x, transposed };
  const perm = x.attributes.perm as readonly number[];
  const swaps = perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return swaps ? { x: x.inputs[0]!, transposed: !transposed } : { x, transposed };
}

/** [..., m, k] × [..., k, n] -> [..., m, n] */
export function matmul(a: GraphNode, b: GraphNode, transposeA: boolean, transposeB: boolean): GraphNode {
  const left = absorb(a, transposeA);
  const right = absorb(b, transposeB);
  const [x, y] = [left.x, right.x];
  const rows = x.shape.at(left.transposed ? -1 : -2)!;
  const columns = y.shape.at(right.transposed ? -2 : -1)!;
  const batch = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  const flags = { transA: Number(left.transposed), transB: Number(right.transposed) };
  const oneRight = sizeOf(y.shape.slice(0, -2)) === 1;
  if (shape.length > 2 && oneRight && (!left.transposed || sizeOf(batch) === 1)) {
    const flat = reshape(x, left.transposed ? x.shape.slice(-2) : [sizeOf(batch) * rows, x.shape.at(-1)!]);
    const product = node(
      'MatMul',
      [flat, reshape(y, y.shape.slice(-2))],
      flags,
      [sizeOf(batch) * rows, columns],
      'float32',
    );
    return reshape(product, shape);
  }
  return node('MatMul', [x, y], flags, shape, 'float32');
}

const ACTIVATION: Readonly<Record<string, (x: GraphNode) => GraphNode>> = {
  linear: x => x,
  relu: x => unary('Relu', x),
  relu6: x => clip(x, 0, 6),
  sigmoid: x => unary('Sigmoid', x),
  elu: x => unary('Elu', x),
};

function activate(name: string, x: GraphNode): GraphNode {
  const activation = ACTIVATION[name];
  if (!activation)
    throw new RecodiError(
      'internal',
      `fused matMul on the onnx device has ${Object.keys(ACTIVATION).join(', ')}; ${name} came`,
    );
  return activation(x);
}

export const matmuls: KernelTable = {
  BatchMatMul: kernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(({ a, b }, { transposeA, transposeB }) =>
    matmul(a, b, transposeA, transposeB),
  ),
  _FusedMatMul: kernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(({ a, b, bias }, attributes) => {
    const product = matmul(a, b, attributes.transposeA, attributes.transposeB);
    return activate(attributes.activation ?? 'linear', bias ? binary('Add', product, bias) : product);
  }),
};

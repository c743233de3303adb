/**
 * Fusion: patterns of the recorded graph that ONNX Runtime computes in one pass become that one operator.
 * Rules change how a value is computed, never which value: results agree to rounding.
 */
import { fillValue, type GraphNode, node, sameShape } from './graph.ts';
import { type Remake, type Rule, type Rules, rewrite } from './rewrite.ts';
import { rotaryRules } from './rotary.ts';
import { unary } from './simplify.ts';

export const isOp = (x: GraphNode | undefined, op: string): x is GraphNode => x?.op === op;

const overLastAxis = (x: GraphNode): boolean => {
  const axes = x.attributes.axes as readonly number[];
  const rank = x.inputs[0]!.shape.length;
  return axes.length === 1 && axes[0] === rank - 1 && x.attributes.keepdims === 1;
};

/** shifted - log(sum(exp(shifted))) with shifted = x - max(x), over the last axis. */
const logSoftmax: Rule = at => {
  const [shifted, log] = at.inputs;
  if (!isOp(shifted, 'Sub') || !isOp(log, 'Log')) return undefined;
  const [x, max] = shifted.inputs;
  const sum = log.inputs[0];
  if (!isOp(max, 'ReduceMax') || max.inputs[0] !== x || !overLastAxis(max)) return undefined;
  if (!isOp(sum, 'ReduceSum') || !overLastAxis(sum)) return undefined;
  if (!isOp(sum.inputs[0], 'Exp') || sum.inputs[0].inputs[0] !== shifted) return undefined;
  return [[at, renewed => node('LogSoftmax', [renewed(x!)], { axis: at.shape.length - 1 }, at.shape, at.dtype)]];
};

/** sqrt(mean(x²) + epsilon) over the last axis, as `root`. */
function rootMeanSquare(root: GraphNode | undefined, x: GraphNode | undefined): { epsilon: number } | undefined {
  const shifted = isOp(root, 'Sqrt') ? root.inputs[0] : undefined;
  if (!isOp(shifted, 'Add')) return undefined;
  const [mean, term] = shifted.inputs;
  const epsilon = fillValue(term!);
  if (!isOp(mean, 'ReduceMean') || !overLastAxis(mean) || epsilon === undefined) return undefined;
  const square = mean.inputs[0];
  return isOp(square, 'Mul') && square.inputs[0] === x && square.inputs[1] === x ? { epsilon } : undefined;
}

/** x / rms(x) · gain, written as a quotient or a product with the reciprocal; what x is divided or multiplied by is replaced too. */
const rmsNorm: Rule = at => {
  const [normal, gain] = at.inputs;
  if (!normal || !gain || gain.shape.length !== 1 || gain.shape[0] !== at.shape.at(-1)) return undefined;
  const [x, scale] = normal.inputs;
  const divides = normal.op === 'Div';
  const root = divides ? scale : normal.op === 'Mul' && isOp(scale, 'Reciprocal') ? scale.inputs[0] : undefined;
  const found = rootMeanSquare(root, x);
  if (!found || !x || !scale) return undefined;
  const attributes = { axis: -1, epsilon: { float: found.epsilon }, stash_type: 1 };
  const norm: Remake = renewed =>
    node('SimplifiedLayerNormalization', [renewed(x), renewed(gain)], attributes, at.shape, at.dtype);
  const inverse: Remake = renewed => node('Output', [norm(renewed)], { index: 1 }, scale.shape, scale.dtype);
  return [
    [at, renewed => node('Output', [norm(renewed)], { index: 0 }, at.shape, at.dtype)],
    [scale, renewed => (divides ? unary('Reciprocal', inverse(renewed)) : inverse(renewed))],
  ];
};

/** sum(x²) where nothing else needs x². */
const sumOfSquares: Rule = (at, uses) => {
  const square = at.inputs[0];
  if (!isOp(square, 'Mul') || square.inputs[0] !== square.inputs[1] || uses.get(square) !== 1) return undefined;
  return [[at, renewed => node('ReduceSumSquare', [renewed(square.inputs[0]!)], at.attributes, at.shape, at.dtype)]];
};

/** A matrix product plus something of its shape, or a row, where nothing else needs the product. */
const productPlus: Rule = (at, uses) => {
  const index = at.inputs.findIndex(
    input =>
      isOp(input, 'MatMul') && uses.get(input) === 1 && input.inputs.every(operand => operand.shape.length === 2),
  );
  const product = at.inputs[index];
  const addend = at.inputs[1 - index];
  if (!product || !addend || at.dtype !== 'float32' || !sameShape(product.shape, at.shape)) return undefined;
  const perColumn = addend.shape.length === 1 && addend.shape[0] === at.shape[1];
  if (!perColumn && !sameShape(addend.shape, at.shape)) return undefined;
  const operands = [...product.inputs, addend];
  return [[at, renewed => node('Gemm', operands.map(renewed), product.attributes, at.shape, at.dtype)]];
};

const RULES: Rules = {
  Add: [rotaryRules.sum, productPlus],
  Sub: [rotaryRules.difference, logSoftmax],
  Mul: [rmsNorm],
  Concat: [rotaryRules.halves],
  ReduceSum: [sumOfSquares],
};

export const fuse = (outputs: readonly GraphNode[]): GraphNode[] => rewrite(outputs, RULES);

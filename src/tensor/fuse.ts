/**
 * Fusion: patterns of the recorded graph that ONNX Runtime computes in one pass become that one operator.
 * A rule looks at one node and what feeds it, and answers with replacements: of the node itself and, where an operator has more to
 * give, of nodes inside the pattern. What nothing refers to any more is not written.
 * Rules change how a value is computed, never which value: results agree to rounding.
 */
import { fillValue, type GraphNode, node, sameShape } from './graph.ts';
import { rotaryRules } from './rotary.ts';
import { reshape, unary } from './simplify.ts';

/** How a node is made anew, given what its inputs have become. */
export type Remake = (renewed: (old: GraphNode) => GraphNode) => GraphNode;
export type Replacements = ReadonlyArray<readonly [GraphNode, Remake]>;
export type Rule = (at: GraphNode, uses: ReadonlyMap<GraphNode, number>) => Replacements | undefined;

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

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  Add: [rotaryRules.sum, productPlus],
  Sub: [rotaryRules.difference, logSoftmax],
  Mul: [rmsNorm],
  Concat: [rotaryRules.halves],
  ReduceSum: [sumOfSquares],
};

/** `old` over other inputs; what they are may make a reshape needless. */
function again(old: GraphNode, inputs: readonly GraphNode[]): GraphNode {
  if (old.op === 'Reshape') return reshape(inputs[0]!, old.shape);
  return node(old.op, inputs, old.attributes, old.shape, old.dtype);
}

function* replacements(order: readonly GraphNode[], uses: ReadonlyMap<GraphNode, number>) {
  for (const at of order)
    for (const rule of RULES[at.op] ?? []) {
      const found = rule(at, uses);
      if (!found) continue;
      yield* found;
      break;
    }
}

/** `order`: the graph's nodes, each after its inputs. Returns what each of `outputs` has become; call it while recording. */
export function fuse(order: readonly GraphNode[], outputs: readonly GraphNode[]): GraphNode[] {
  const uses = new Map<GraphNode, number>();
  for (const use of [...order.flatMap(at => at.inputs), ...outputs]) uses.set(use, (uses.get(use) ?? 0) + 1);
  const remakes = new Map<GraphNode, Remake>();
  for (const [old, remake] of replacements(order, uses)) if (!remakes.has(old)) remakes.set(old, remake);

  const results = new Map<GraphNode, GraphNode>();
  const renewed = (old: GraphNode): GraphNode => {
    const done = results.get(old);
    if (done) return done;
    const remake = remakes.get(old);
    const inputs = remake ? [] : old.inputs.map(renewed);
    const same = inputs.every((input, i) => input === old.inputs[i]);
    const made = remake ? remake(renewed) : same ? old : again(old, inputs);
    results.set(old, made);
    return made;
  };
  for (const at of order) renewed(at);
  return outputs.map(renewed);
}

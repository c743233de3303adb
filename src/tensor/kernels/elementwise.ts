/** Kernels that work element by element, with NumPy broadcasting where they take two inputs. */
import { fill, type GraphNode } from '../graph.ts';
import type { DType } from '../host.ts';
import { binary, cast, select, unary } from '../simplify.ts';
import type { tf } from '../tfjs.ts';
import { type KernelTable, kernel, variadic } from './kernel.ts';

const scalar = (value: number, dtype: DType = 'float32'): GraphNode => fill(value, [], dtype);
const float = (x: GraphNode): GraphNode => cast(x, 'float32');
/** ONNX arithmetic and order have no booleans. */
const number = (x: GraphNode): GraphNode => (x.dtype === 'bool' ? cast(x, 'int32') : x);

const arithmetic = (op: string) =>
  kernel<tf.BinaryInputs>(({ a, b }) => cast(binary(op, number(a), number(b)), a.dtype));
const comparison = (op: string) => kernel<tf.BinaryInputs>(({ a, b }) => binary(op, number(a), number(b), 'bool'));
const logical = (op: string) => kernel<tf.BinaryInputs>(({ a, b }) => binary(op, a, b, 'bool'));
const pointwise = (op: string, attributes = {}) =>
  kernel<tf.UnaryInputs>(({ x }) => unary(op, float(x), attributes, 'float32'));
const numeric = (op: string) => kernel<tf.UnaryInputs>(({ x }) => unary(op, number(x)));
const not = (x: GraphNode): GraphNode => unary('Not', x, {}, 'bool');

/** Remainder with the divisor's sign. */
function remainder(a: GraphNode, b: GraphNode): GraphNode {
  if (a.dtype !== 'float32') return binary('Mod', a, b);
  const truncated = binary('TruncatedMod', a, b);
  const opposite = binary('Less', binary('Mul', truncated, b), scalar(0), 'bool');
  return select(opposite, binary('Add', truncated, b), truncated);
}

/** Integers, whatever the operands are: as tfjs has it. */
function floorDivide(a: GraphNode, b: GraphNode): GraphNode {
  if (a.dtype === 'float32') return cast(unary('Floor', binary('Div', a, b)), 'int32');
  return binary('Div', binary('Sub', a, remainder(a, b)), b);
}

function square(x: GraphNode): GraphNode {
  return binary('Mul', x, x);
}

/** 1 where x > 0, else `alpha`. */
function step(x: GraphNode, alpha: number): GraphNode {
  const positive = binary('Greater', x, fill(0, [], x.dtype), 'bool');
  return alpha === 0 ? cast(positive, x.dtype) : select(positive, fill(1, [], x.dtype), fill(alpha, [], x.dtype));
}

/** log(1 + x), exact for small x (Kahan). */
function log1p(x: GraphNode): GraphNode {
  const u = binary('Add', x, scalar(1));
  const exact = binary('Div', binary('Mul', unary('Log', u), x), binary('Sub', u, scalar(1)));
  return select(binary('Equal', u, scalar(1), 'bool'), x, exact);
}

/** exp(x) - 1, exact for small x (Kahan); large |x| takes the plain difference. */
function expm1(x: GraphNode): GraphNode {
  const u = unary('Exp', x);
  const difference = binary('Sub', u, scalar(1));
  const exact = binary('Div', binary('Mul', difference, x), unary('Log', u));
  const small = binary('Less', unary('Abs', x), scalar(0.5), 'bool');
  return select(binary('Equal', u, scalar(1), 'bool'), x, select(small, exact, difference));
}

export const clip = (x: GraphNode, low: number, high: number): GraphNode =>
  unary('Clip', x, { low: { float: low }, high: { float: high } });

const notANumber = (x: GraphNode): GraphNode => unary('IsNaN', x, {}, 'bool');
const infinite = (x: GraphNode): GraphNode => unary('IsInf', x, {}, 'bool');

export const elementwise: KernelTable = {
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  RealDiv: kernel<tf.BinaryInputs>(({ a, b }) => binary('Div', float(a), float(b))),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  Pow: arithmetic('Pow'),
  FloorDiv: kernel<tf.BinaryInputs>(({ a, b }) => floorDivide(number(a), number(b))),
  Mod: kernel<tf.BinaryInputs>(({ a, b }) => remainder(number(a), number(b))),
  SquaredDifference: kernel<tf.BinaryInputs>(({ a, b }) => square(binary('Sub', a, b))),
  AddN: variadic(inputs => inputs.reduce((sum, input) => binary('Add', sum, input))),

  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Equal: comparison('Equal'),
  NotEqual: kernel<tf.BinaryInputs>(({ a, b }) => not(binary('Equal', number(a), number(b), 'bool'))),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalNot: kernel<tf.UnaryInputs>(({ x }) => not(x)),
  Select: kernel<tf.SelectInputs>(({ condition, t, e }) => select(condition, t, e)),

  Abs: numeric('Abs'),
  Neg: numeric('Neg'),
  Sign: numeric('Sign'),
  Relu: numeric('Relu'),
  Square: kernel<tf.UnaryInputs>(({ x }) => square(number(x))),
  Step: kernel<tf.UnaryInputs, tf.StepAttrs>(({ x }, { alpha }) => step(number(x), alpha)),
  ClipByValue: kernel<tf.UnaryInputs, tf.ClipByValueAttrs>(({ x }, { clipValueMin, clipValueMax }) =>
    clip(number(x), clipValueMin, clipValueMax),
  ),
  Relu6: kernel<tf.UnaryInputs>(({ x }) => clip(number(x), 0, 6)),
  LeakyRelu: kernel<tf.UnaryInputs, tf.LeakyReluAttrs>(({ x }, { alpha }) =>
    unary('LeakyRelu', float(x), { alpha: { float: alpha } }),
  ),

  Ceil: pointwise('Ceil'),
  Cos: pointwise('Cos'),
  Elu: pointwise('Elu'),
  EluGrad: kernel<tf.EluGradInputs>(({ dy, y }) =>
    binary('Mul', dy, binary('Add', binary('Min', y, scalar(0)), scalar(1))),
  ),
  Erf: pointwise('Erf'),
  Exp: pointwise('Exp'),
  Floor: pointwise('Floor'),
  Log: pointwise('Log'),
  Reciprocal: pointwise('Reciprocal'),
  Round: pointwise('Round'),
  Rsqrt: kernel<tf.UnaryInputs>(({ x }) => unary('Reciprocal', unary('Sqrt', float(x)))),
  Selu: pointwise('Selu'),
  Sigmoid: pointwise('Sigmoid'),
  Sin: pointwise('Sin'),
  Softplus: pointwise('Softplus'),
  Sqrt: pointwise('Sqrt'),
  Tan: pointwise('Tan'),
  Tanh: pointwise('Tanh'),
  Log1p: kernel<tf.UnaryInputs>(({ x }) => log1p(float(x))),
  Expm1: kernel<tf.UnaryInputs>(({ x }) => expm1(float(x))),

  IsNan: kernel<tf.UnaryInputs>(({ x }) => notANumber(float(x))),
  IsInf: kernel<tf.UnaryInputs>(({ x }) => infinite(float(x))),
  IsFinite: kernel<tf.UnaryInputs>(({ x }) => not(binary('Or', notANumber(float(x)), infinite(float(x)), 'bool'))),
  Cast: kernel<tf.CastInputs, tf.CastAttrs>(({ x }, { dtype }) => cast(x, dtype as DType)),
};

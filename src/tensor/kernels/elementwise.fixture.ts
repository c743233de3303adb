/** Cases for the elementwise kernels. */
import fc from 'fast-check';
import { booleans, broadcastShapes, floats, integers, seeds, shapes } from '../agreement.fixture.ts';
import { tf } from '../index.ts';
import { type Case, differentiable, plain } from './case.fixture.ts';

const one = (low?: number, high?: number) =>
  fc.tuple(shapes(0, 4), seeds).map(([shape, seed]) => [floats(shape, seed, low, high)]);
const pair = (low = -2, high = 2, lowB = low, highB = high) =>
  fc
    .tuple(broadcastShapes(4), seeds)
    .map(([{ a, b }, seed]) => [floats(a, seed, low, high), floats(b, seed + 1, lowB, highB)]);
const integerPair = (lowB: number, highB: number) =>
  fc
    .tuple(broadcastShapes(3), seeds)
    .map(([{ a, b }, seed]) => [integers(a, seed, -20, 20), integers(b, seed + 1, lowB, highB)]);
const booleanPair = fc
  .tuple(broadcastShapes(3), seeds)
  .map(([{ a, b }, seed]) => [booleans(a, seed), booleans(b, seed + 1)]);
const choice = fc
  .tuple(broadcastShapes(4), seeds)
  .map(([{ a, b }, seed]) => [booleans(a, seed), floats(b, seed + 1), floats(a, seed + 2)]);

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const unary = (names: Readonly<Record<string, Unary>>, low?: number, high?: number) =>
  Object.entries(names).map(([name, body]) => differentiable(name, one(low, high), body));

export const elementwiseCases: readonly Case[] = [
  ...unary({
    abs: tf.abs,
    cos: tf.cos,
    elu: tf.elu,
    erf: tf.erf,
    exp: tf.exp,
    expm1: tf.expm1,
    neg: tf.neg,
    relu: tf.relu,
    relu6: tf.relu6,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    sign: tf.sign,
    sin: tf.sin,
    softplus: tf.softplus,
    square: tf.square,
    tanh: tf.tanh,
    ceil: tf.ceil,
    floor: tf.floor,
    round: tf.round,
    step: x => tf.step(x, 0.25),
    clipByValue: x => tf.clipByValue(x, -0.7, 0.9),
    leakyRelu: x => tf.leakyRelu(x, 0.1),
  }),
  ...unary({ tan: tf.tan }, -1.2, 1.2),
  ...unary({ log: tf.log, log1p: tf.log1p, reciprocal: tf.reciprocal, rsqrt: tf.rsqrt, sqrt: tf.sqrt }, 0.1, 4),
  ...unary({ 'log1p near zero': tf.log1p, 'expm1 near zero': tf.expm1 }, -1e-4, 1e-4),
  ...(['add', 'sub', 'mul', 'maximum', 'minimum', 'squaredDifference'] as const).map(name =>
    differentiable(name, pair(), tf[name] as Binary),
  ),
  differentiable('div', pair(-2, 2, 0.5, 3), tf.div),
  differentiable('pow', pair(0.2, 2), tf.pow),
  plain('mod', pair(-5, 5, 0.5, 3), tf.mod),
  plain('floorDiv', pair(-5, 5, 0.5, 3), (a, b) => tf.cast(tf.floorDiv(a, b), 'int32')),
  plain('int32 arithmetic', integerPair(-9, 9), (a, b) => [tf.add(a, b), tf.sub(a, b), tf.mul(a, b), tf.maximum(a, b)]),
  plain('int32 division', integerPair(1, 9), (a, b) => [tf.floorDiv(a, b), tf.div(a, b), tf.mod(a, b)]),
  plain('int32 division by negative numbers', integerPair(-9, -1), (a, b) => [tf.floorDiv(a, b), tf.mod(a, b)]),
  plain('comparisons', pair(), (a, b) => [tf.greater(a, b), tf.greaterEqual(a, b), tf.less(a, b), tf.lessEqual(a, b)]),
  plain('int32 comparisons', integerPair(-20, 20), (a, b) => [tf.equal(a, b), tf.notEqual(a, b), tf.less(a, b)]),
  plain('boolean comparisons', booleanPair, (a, b) => [tf.equal(a, b), tf.notEqual(a, b)]),
  plain('logic', booleanPair, (a, b) => [
    tf.logicalAnd(a, b),
    tf.logicalOr(a, b),
    tf.logicalNot(a),
    tf.logicalXor(a, b),
  ]),
  plain('tests for numbers', pair(-1, 1, 0, 0), (a, b) => [
    tf.isFinite(tf.div(a, b)),
    tf.isInf(tf.div(a, b)),
    tf.isNaN(tf.div(b, b)),
  ]),
  plain('int32 unary', integerPair(-9, 9), a => [tf.abs(a), tf.neg(a), tf.sign(a), tf.square(a), tf.relu(a)]),
  plain('casts', booleanPair, (a, b) => [
    tf.cast(a, 'float32'),
    tf.cast(b, 'int32'),
    tf.cast(tf.cast(a, 'int32'), 'bool'),
  ]),
  differentiable('where', choice, (c, a, b) => tf.where(c, a, b)),
  differentiable(
    'where with a scalar',
    choice.map(([c, a]) => [c!, a!]),
    (c, a) => tf.where(c, a, -1),
  ),
  plain('cast to int32', one(), x => tf.cast(x, 'int32')),
  differentiable('addN', pair(), (a, b) => tf.addN([a, a, tf.mul(a, a), tf.add(a, tf.mul(tf.sum(b), 0.1))])),
  differentiable('uniform operands', pair(), (a, b) =>
    tf.add(tf.mul(tf.mul(tf.mul(a, 2), 0.5), tf.onesLike(a)), tf.mul(tf.sub(0, b), tf.add(tf.zerosLike(b), 1))),
  ),
];

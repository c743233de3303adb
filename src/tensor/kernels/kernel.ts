/**
 * What a kernel of the `onnx` backend is: a function from graph nodes and tfjs attributes to graph nodes.
 * The files beside this one are tables of them by family, keyed by tfjs's kernel names. `kernel` and `variadic` give a rule the
 * attribute types that tfjs declares for the name; tfjs itself passes attributes untyped, so this is the one place that casts.
 */
import type { GraphNode } from '../graph.ts';
import { tf } from '../tfjs.ts';

type Result = GraphNode | readonly GraphNode[];
export type KernelRule = (inputs: Readonly<Record<string, GraphNode>>, attributes: object) => Result;
export type KernelTable = Readonly<Record<string, KernelRule>>;

/** A kernel with named inputs, as in `kernel<tf.SumInputs, tf.SumAttrs>(({ x }, { axis }) => …)`. */
export const kernel = <Inputs, Attributes = object>(
  rule: (inputs: { readonly [K in keyof Inputs]: GraphNode }, attributes: Attributes) => Result,
): KernelRule => rule as unknown as KernelRule;

/** A kernel over a list of inputs. */
export const variadic =
  <Attributes = object>(rule: (inputs: readonly GraphNode[], attributes: Attributes) => Result): KernelRule =>
  (inputs, attributes) =>
    rule(Object.values(inputs), attributes as Attributes);

/** Axes as tfjs takes them (one, many, negative, none for all), ascending and non-negative. */
export const axesOf = (axis: number | readonly number[] | undefined, x: GraphNode): number[] =>
  tf.util.parseAxisParam(axis as number | number[], x.shape.slice()).sort((a, b) => a - b);

export const axisOf = (axis: number, x: GraphNode): number => axesOf(axis, x)[0]!;

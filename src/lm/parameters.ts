/**
 * Trainable parameters live in one flat vector with named views. Gradients are taken with respect to the views and
 * concatenated once, in the layout's order: differentiating slices of the flat vector would pad and add a full-length
 * vector per parameter. The layout is plain data, so a worker rebuilds the same views from a message.
 */
import * as tf from '@tensorflow/tfjs';
import { RecodiError } from '../tensor/errors.ts';
import type { NamedShape } from './spec.ts';

export interface Layout {
  /** Number of floats in the flat vector. */
  readonly size: number;
  readonly entries: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

/** Lays the named arrays out one after the other. */
export function layout(entries: readonly NamedShape[]): Layout {
  let size = 0;
  const placed = entries.map(([name, shape]) => {
    const offset = size;
    size += count(shape);
    return { name, shape, offset };
  });
  if (new Set(placed.map(entry => entry.name)).size !== placed.length) {
    throw new RecodiError('internal', 'A parameter layout names the same parameter twice.');
  }
  return { size, entries: placed };
}

/** flat [layout.size] -> one tensor per entry. */
export function views(map: Layout, flat: tf.Tensor1D): Record<string, tf.Tensor> {
  if (flat.size !== map.size) {
    throw new RecodiError(
      'internal',
      `Expected ${map.size} parameters, got ${flat.size}: the layout is another model's.`,
    );
  }
  const parts = tf.split(
    flat,
    map.entries.map(entry => count(entry.shape)),
  );
  return Object.fromEntries(map.entries.map((entry, i) => [entry.name, tf.reshape(parts[i]!, [...entry.shape])]));
}

/** The part of a host vector that holds parameter `name`; a view, so writing to it changes `data`. */
export function hostView(map: Layout, data: Float32Array, name: string): Float32Array {
  const entry = map.entries.find(candidate => candidate.name === name);
  if (!entry) throw new RecodiError('internal', `No parameter "${name}" in the layout.`);
  return data.subarray(entry.offset, entry.offset + count(entry.shape));
}

/**
 * Value and gradient of `f` at `flat`. A parameter that the loss does not depend on gets a zero gradient. Metrics are
 * carried out of the differentiated function and take no part in the gradient.
 */
export function valueAndGradient(
  map: Layout,
  flat: tf.Tensor1D,
  f: (views: Record<string, tf.Tensor>) => { loss: tf.Scalar; metrics: Record<string, tf.Scalar> },
): { loss: tf.Scalar; metrics: Record<string, tf.Scalar>; gradient: tf.Tensor1D } {
  const named = views(map, flat);
  const sources = map.entries.map(entry => named[entry.name]!);
  let kept: Record<string, tf.Scalar> = {};
  const { value, grads } = tf.engine().gradients(
    () => {
      const { loss, metrics } = f(named);
      kept = mapValues(metrics, metric => tf.keep(tf.clone(metric)));
      return loss;
    },
    sources,
    undefined,
    true,
  );
  const metrics = mapValues(kept, metric => tf.clone(metric));
  for (const metric of Object.values(kept)) metric.dispose();
  const found: (tf.Tensor | undefined)[] = grads;
  const gradient = tf.concat1d(
    map.entries.map((entry, i) => {
      const part = found[i];
      const size = count(entry.shape);
      return part ? tf.reshape(part, [size]) : tf.zeros<tf.Rank.R1>([size]);
    }),
  );
  return { loss: value, metrics, gradient };
}

/** A source of uniform numbers in [0,1). */
export type Uniform = () => number;

/**
 * Starting values: matrices normal(0, std), vectors one (norm gains) except `.bias`, which is zero, and the second
 * half of low-rank adapters (`lora_B`), which is zero. `std` may differ by parameter.
 */
export function initialise(
  map: Layout,
  options: { std: number | ((name: string, shape: readonly number[]) => number); stream: Uniform },
): Float32Array {
  const { std, stream } = options;
  const data = new Float32Array(map.size);
  for (const { name, shape, offset } of map.entries) {
    const part = data.subarray(offset, offset + count(shape));
    if (name.endsWith('.bias') || name.includes('.lora_B.')) continue;
    if (shape.length === 1) part.fill(1);
    else fillNormal(part, typeof std === 'number' ? std : std(name, shape), stream);
  }
  return data;
}

/** Fills `out` with normal(0, std) numbers (Box and Muller 1958). */
function fillNormal(out: Float32Array, std: number, stream: Uniform): void {
  for (let i = 0; i < out.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - stream()));
    const angle = 2 * Math.PI * stream();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}

/** Number of elements of a shape. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function mapValues(metrics: Record<string, tf.Scalar>, f: (metric: tf.Scalar) => tf.Scalar): Record<string, tf.Scalar> {
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, f(metric)]));
}

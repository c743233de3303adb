/**
 * Trainable parameters live in one flat vector of the host, with named views that graphs take as their inputs; a gradient comes
 * back as an array per parameter. No graph ever cuts or joins the whole vector. The layout is plain data, so a worker rebuilds
 * the same views from a message.
 */
import * as tf from '@tensorflow/tfjs';
import { RecodiError } from '../tensor/errors.ts';
import { f32, type HostArray } from '../tensor/index.ts';
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

/** A host vector as a graph's inputs, an array per entry; views, nothing is copied. */
export function hostViews(map: Layout, flat: Float32Array): Record<string, HostArray> {
  if (flat.length !== map.size) {
    throw new RecodiError(
      'internal',
      `Expected ${map.size} parameters, got ${flat.length}: the layout is another model's.`,
    );
  }
  return Object.fromEntries(
    map.entries.map(({ name, shape, offset }) => [name, f32(flat.subarray(offset, offset + count(shape)), shape)]),
  );
}

/** The part of a host vector that holds parameter `name`; a view, so writing to it changes `data`. */
export function hostView(map: Layout, data: Float32Array, name: string): Float32Array {
  const entry = map.entries.find(candidate => candidate.name === name);
  if (!entry) throw new RecodiError('internal', `No parameter "${name}" in the layout.`);
  return data.subarray(entry.offset, entry.offset + count(entry.shape));
}

/**
 * Value and gradient of `f` at `parameters`. A parameter that the loss does not depend on gets a zero gradient. Metrics are
 * carried out of the differentiated function and take no part in the gradient.
 */
export function valueAndGradient(
  parameters: Record<string, tf.Tensor>,
  f: (parameters: Record<string, tf.Tensor>) => { loss: tf.Scalar; metrics: Record<string, tf.Scalar> },
): { loss: tf.Scalar; metrics: Record<string, tf.Scalar>; gradient: Record<string, tf.Tensor> } {
  const sources = Object.entries(parameters);
  let kept: Record<string, tf.Scalar> = {};
  const { value, grads } = tf.engine().gradients(
    () => {
      const { loss, metrics } = f(parameters);
      kept = mapValues(metrics, metric => tf.keep(tf.clone(metric)));
      return loss;
    },
    sources.map(([, source]) => source),
    undefined,
    true,
  );
  const metrics = mapValues(kept, metric => tf.clone(metric));
  for (const metric of Object.values(kept)) metric.dispose();
  const found: (tf.Tensor | undefined)[] = grads;
  const gradient = sources.map(([name, source], i) => [name, found[i] ?? tf.zerosLike(source)] as const);
  return { loss: value, metrics, gradient: Object.fromEntries(gradient) };
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

/** Parameters as one flat tensor, for tests that compare or move all of them at once. */
import * as tf from '@tensorflow/tfjs';
import { count, type Layout, valueAndGradient } from './parameters.ts';

/** flat [layout.size] -> one tensor per entry. */
export function views(map: Layout, flat: tf.Tensor1D): Record<string, tf.Tensor> {
  const parts = tf.split(
    flat,
    map.entries.map(entry => count(entry.shape)),
  );
  return Object.fromEntries(map.entries.map((entry, i) => [entry.name, tf.reshape(parts[i]!, [...entry.shape])]));
}

/** As `valueAndGradient`, with the gradient flat. */
export function flatGradient(map: Layout, flat: tf.Tensor1D, f: Parameters<typeof valueAndGradient>[1]) {
  const { gradient, ...rest } = valueAndGradient(views(map, flat), f);
  return { ...rest, gradient: tf.concat1d(map.entries.map(({ name }) => tf.reshape(gradient[name]!, [-1]))) };
}

/**
 * One token per row from logits: the most likely one, or the one at which the cumulative distribution passes a uniform
 * number (inverse CDF). The number decides alone, so a draw can be repeated anywhere.
 */
import * as tf from '@tensorflow/tfjs';
import { atTargets } from './ops.ts';

export interface Choice {
  readonly token: tf.Tensor1D; // int32 [B]
  readonly logProb: tf.Tensor1D; // [B], under the distribution that was drawn from
}

/** Keeps a number away from 1, where rounding could lead past the last token. */
const BELOW_ONE = 1 - 2 ** -20;
/** Added to the logits of tokens that must not be chosen; their probability is then exactly zero. */
const NEVER = -1e9;

/** logits [B,V] -> tokens, drawn by `uniforms` [B,1] in [0,1), or the most likely where there are none. */
export function choose(
  logits: tf.Tensor2D,
  options: { temperature: tf.Scalar; banned: readonly number[]; uniforms?: tf.Tensor2D },
): Choice {
  const scaled = tf.div<tf.Tensor2D>(logits, options.temperature);
  const allowed = allow(scaled, options.banned);
  const p = tf.softmax(allowed);
  const token = options.uniforms ? inverseCdf(p, options.uniforms) : tf.argMax<tf.Tensor1D>(allowed, -1);
  return { token, logProb: tf.log(atTargets(p, token)) };
}

/** How many tokens lie wholly at or below the number's share of the total. */
function inverseCdf(p: tf.Tensor2D, uniforms: tf.Tensor2D): tf.Tensor1D {
  const [rows, vocab] = p.shape;
  const cdf = tf.cumsum(p, 1);
  const total = tf.slice(cdf, [0, vocab - 1], [rows, 1]);
  const threshold = tf.mul(tf.minimum(uniforms, BELOW_ONE), total);
  return tf.sum(tf.cast(tf.lessEqual(cdf, threshold), 'int32'), -1);
}

/** Logits [B,V] without the banned tokens. */
export function allow(logits: tf.Tensor2D, banned: readonly number[]): tf.Tensor2D {
  if (banned.length === 0) return logits;
  const [, vocab] = logits.shape;
  const row = new Float32Array(vocab);
  for (const id of banned) row[id] = NEVER;
  return tf.add(logits, tf.tensor2d(row, [1, vocab]));
}

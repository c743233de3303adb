/**
 * Computing only the tokens of a padded batch. What looks at one token at a time (norms, projections, feed-forward) runs over
 * the tokens alone, one row after another; attention alone needs rows and columns, and gets them by gathering heads.
 *
 * Tokens are numbered by their places b·T + t in the batch. Graphs have fixed shapes, so the number of tokens is rounded up with
 * places that hold none. All other places share one of those, whose values nobody reads and whose gradient is zero.
 */
import * as tf from '@tensorflow/tfjs';
import { type Host, i32 } from '../tensor/index.ts';

export interface Packing {
  /** int32 [n]: the place of each computed token, ascending but for the filling. */
  readonly tokens: tf.Tensor1D;
  /** int32 [B·T]: which of the computed tokens lies at each place. */
  readonly places: tf.Tensor1D;
}

/** How the tokens of `mask` [B·T] (1 = a token) are packed, with `filling` tokens that are none. */
export function packingOf(mask: ArrayLike<number>): { packing: Host<Packing>; filling: number } {
  const used: number[] = [];
  const unused: number[] = [];
  for (let place = 0; place < mask.length; place++) (mask[place] ? used : unused).push(place);
  const filling = unused.length === 0 ? 0 : Math.min(unused.length, roundUp(used.length + 1) - used.length);
  const tokens = Int32Array.from([...used, ...unused.slice(0, filling)]);
  const places = new Int32Array(mask.length).fill(used.length);
  tokens.forEach((place, token) => {
    places[place] = token;
  });
  return { packing: { tokens: i32(tokens, [tokens.length]), places: i32(places, [places.length]) }, filling };
}

/** To one of eight sizes between a power of two and the next (multiples of 32 at the least), so that few graphs are built. */
function roundUp(count: number): number {
  const step = Math.max(32, 2 ** (Math.floor(Math.log2(count)) - 3));
  return Math.ceil(count / step) * step;
}

/** How activations over tokens [n, heads·D] become heads over rows and columns [B, heads, T, D], and back. */
export interface Layout {
  split(x: tf.Tensor2D, heads: number): tf.Tensor4D;
  join(x: tf.Tensor4D): tf.Tensor2D;
}

/** Every place of the batch is computed. */
export function paddedLayout(batch: number, time: number): Layout {
  return {
    split: (x, heads) => tf.transpose(tf.reshape(x, [batch, time, heads, x.shape[1] / heads]), [0, 2, 1, 3]),
    join(x) {
      const [, heads, , size] = x.shape;
      return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * time, heads * size]);
    },
  };
}

/** The packed tokens alone are computed. */
export function packedLayout({ tokens, places }: Packing, batch: number, time: number): Layout {
  const n = tokens.shape[0];
  const scalar = (x: number) => tf.scalar(x, 'int32');
  /** For each head of each place, its index among the heads of the tokens; and the other way round. */
  const indices = (heads: number) => {
    const at = tf.mul(tf.reshape(places, [batch, 1, time]), scalar(heads));
    const toPlaces = tf.add(at, tf.range(0, heads, 1, 'int32').reshape([1, heads, 1]));
    const row = tf.floorDiv(tokens, scalar(time));
    const first = tf.add(tokens, tf.mul(row, scalar((heads - 1) * time)));
    const toTokens = tf.add(tf.reshape(first, [n, 1]), tf.range(0, heads * time, time, 'int32').reshape([1, heads]));
    return { toPlaces: tf.reshape(toPlaces, [-1]) as tf.Tensor1D, toTokens: tf.reshape(toTokens, [-1]) as tf.Tensor1D };
  };
  return {
    split(x, heads) {
      const size = x.shape[1] / heads;
      const { toPlaces, toTokens } = indices(heads);
      return tf.reshape(exchange(tf.reshape(x, [n * heads, size]), toPlaces, toTokens), [batch, heads, time, size]);
    },
    join(x) {
      const [, heads, , size] = x.shape;
      const { toPlaces, toTokens } = indices(heads);
      const rows: tf.Tensor2D = tf.reshape(x, [batch * heads * time, size]);
      return tf.reshape(exchange(rows, toTokens, toPlaces), [n, heads * size]);
    },
  };
}

/** Rows `to` of x; the gradient takes rows `back`, which undo `to` wherever a gradient is not zero. */
function exchange(x: tf.Tensor2D, to: tf.Tensor1D, back: tf.Tensor1D): tf.Tensor2D {
  return tf.customGrad((...args) => {
    const [rows, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    save([back]);
    return {
      value: tf.gather(rows, to),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.gather(dy, saved[0] as tf.Tensor1D),
    };
  })(x) as tf.Tensor2D;
}

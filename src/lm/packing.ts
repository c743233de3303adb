/**
 * Computing only the tokens of a padded batch. What looks at one token at a time (norms, projections, feed-forward) runs over
 * the tokens alone, one row after another; attention alone needs rows and columns, and gets them by gathering heads.
 * Rows that begin alike (texts after one prompt) share the tokens of their beginning, which are computed once.
 *
 * Tokens are numbered by the places b·T + t in the batch that they are taken from. Graphs have fixed shapes, so the number of
 * tokens is rounded up with places that hold none. All other places have one of those, whose values nobody reads and whose
 * gradient is zero.
 */
import * as tf from '@tensorflow/tfjs';
import { type Host, i32 } from '../tensor/index.ts';

export interface Packing {
  /** int32 [n]: the place that each computed token is taken from: shared ones first, each part ascending but for the filling. */
  readonly tokens: tf.Tensor1D;
  /** int32 [B·T]: which of the computed tokens lies at each place. */
  readonly places: tf.Tensor1D;
  /** Where rows share tokens. */
  readonly shared?: {
    /** int32 [B·T]: which of the computed tokens is taken from each place, n where none is. */
    readonly taken: tf.Tensor1D;
    /** int32 [s,u]: the s places where each of the first u tokens lies. */
    readonly rows: tf.Tensor2D;
  };
}

/** In each group of `rows` consecutive rows the first `length` places hold the same tokens. */
export interface Sharing {
  readonly rows: number;
  readonly length: number;
}

/**
 * How the tokens of `mask` [B·T] (1 = a token) are packed, with `filling` tokens that are none. Shared places are computed
 * whatever the mask says, so that their number depends on the batch's shape alone.
 */
export function packingOf(
  mask: ArrayLike<number>,
  time: number,
  sharing: Sharing = { rows: 1, length: 0 },
): { packing: Host<Packing>; filling: number } {
  const all = Array.from(mask, (_, place) => place);
  const shares = (place: number) => sharing.rows > 1 && place % time < sharing.length;
  const common = all.filter(place => shares(place) && place % (sharing.rows * time) < time);
  const used = all.filter(place => mask[place] && !shares(place));
  const unused = all.filter(place => !mask[place] && !shares(place));
  const count = common.length + used.length;
  const filling = unused.length === 0 ? 0 : Math.min(unused.length, roundUp(count + 1) - count);
  const tokens = [...common, ...used, ...unused.slice(0, filling)];
  const lie = (places: Int32Array, from: readonly number[]) => {
    from.forEach((place, token) => {
      places[place] = token;
    });
    return i32(places, [places.length]);
  };
  const rows = Array.from({ length: sharing.rows }, (_, row) => common.map(place => place + row * time));
  const places = new Int32Array(mask.length).fill(count);
  for (const row of rows) lie(places, row);
  const packing = { tokens: i32(tokens, [tokens.length]), places: lie(places, tokens) };
  if (common.length === 0) return { packing, filling };
  const shared = {
    taken: lie(new Int32Array(mask.length).fill(tokens.length), tokens),
    rows: i32(rows.flat(), [rows.length, common.length]),
  };
  return { packing: { ...packing, shared }, filling };
}

/** To one of eight sizes between a power of two and the next (multiples of 32 at the least), so that few graphs are built. */
function roundUp(count: number): number {
  const step = Math.max(32, 2 ** (Math.floor(Math.log2(count)) - 3));
  return Math.ceil(count / step) * step;
}

/** Rows of a batch [B·T, d] -> those of the computed tokens [n,d]. */
export function packed(x: tf.Tensor2D, { tokens, places, shared }: Packing): tf.Tensor2D {
  const back = shared ? shared.taken : places;
  return exchange(x, tokens, [back], (dy, [own]) => tf.gather(shared ? withZeros(dy, 1) : dy, own!)) as tf.Tensor2D;
}

/** How activations over tokens [n, heads·D] become heads over rows and columns [B, heads, T, D], and back. */
export interface Layout {
  /** Of what attends: read by `join` at the places that tokens are taken from. */
  queries(x: tf.Tensor2D, heads: number): tf.Tensor4D;
  /** Of what is attended to: keys and values. */
  keys(x: tf.Tensor2D, heads: number): tf.Tensor4D;
  join(x: tf.Tensor4D): tf.Tensor2D;
}

/** Every place of the batch is computed. */
export function paddedLayout(batch: number, time: number): Layout {
  const split: Layout['keys'] = (x, heads) =>
    tf.transpose(tf.reshape(x, [batch, time, heads, x.shape[1] / heads]), [0, 2, 1, 3]);
  return {
    queries: split,
    keys: split,
    join(x) {
      const [, heads, , size] = x.shape;
      return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * time, heads * size]);
    },
  };
}

/** The packed tokens alone are computed. */
export function packedLayout({ tokens, places, shared }: Packing, batch: number, time: number): Layout {
  const n = tokens.shape[0];
  const scalar = (x: number) => tf.scalar(x, 'int32');
  /** In a table [n·heads, D]: the heads of the tokens at all places. */
  const atPlaces = (of: tf.Tensor1D, heads: number): tf.Tensor3D => {
    const each = tf.reshape(tf.range(0, heads, 1, 'int32'), [1, heads, 1]);
    return tf.add(tf.mul(tf.reshape(of, [batch, 1, time]), scalar(heads)), each);
  };
  /** In a table [B·heads·T, D]: the heads of the tokens that are taken from places [m]. */
  const atTokens = (of: tf.Tensor1D, heads: number): tf.Tensor2D => {
    const first = tf.add(of, tf.mul(tf.floorDiv(of, scalar(time)), scalar((heads - 1) * time)));
    const each = tf.reshape(tf.range(0, heads * time, time, 'int32'), [1, heads]);
    return tf.add(tf.reshape(first, [of.shape[0], 1]), each);
  };
  const table = (x: tf.Tensor, size: number): tf.Tensor2D => tf.reshape(x, [-1, size]);

  const queries: Layout['queries'] = (x, heads) => {
    const rows = table(x, x.shape[1] / heads);
    const back = atTokens(tokens, heads);
    return exchange(rows, atPlaces(places, heads), [back], (dy, [own]) => tf.gather(dy, own!)) as tf.Tensor4D;
  };
  return {
    queries,
    keys(x, heads) {
      if (!shared) return queries(x, heads);
      const size = x.shape[1] / heads;
      const [times, count] = shared.rows.shape;
      const single = atTokens(tf.slice(tokens, [count], [n - count]), heads);
      const common = atTokens(tf.reshape(shared.rows, [times * count]), heads);
      const gradient = (dy: tf.Tensor2D, [ofSingle, ofCommon]: tf.Tensor1D[]) => {
        const sums = tf.sum(tf.reshape(tf.gather(dy, ofCommon!), [times, count * heads * size]), 0);
        return tf.concat([table(sums, size), table(tf.gather(dy, ofSingle!), size)]);
      };
      return exchange(table(x, size), atPlaces(places, heads), [single, common], gradient) as tf.Tensor4D;
    },
    join(x) {
      const [, heads, , size] = x.shape;
      const back = atPlaces(shared ? shared.taken : places, heads);
      const gradient = (dy: tf.Tensor2D, [own]: tf.Tensor1D[]) => tf.gather(shared ? withZeros(dy, heads) : dy, own!);
      const joined = exchange(table(x, size), atTokens(tokens, heads), [back], gradient);
      return tf.reshape(joined, [n, heads * size]);
    },
  };
}

/** Where a place's token is not taken from it, its gradient is that of one token more, which nobody computed. */
function withZeros(dy: tf.Tensor2D, rows: number): tf.Tensor2D {
  return tf.concat([dy, tf.zeros([rows, dy.shape[1]])]);
}

/**
 * Rows `to` [...] of x [r,d] -> [...,d]. `gradient` makes of dy's rows those of x's gradient, given `back`: gathering undoes gathering
 * in a fraction of the time that adding up row by row takes.
 */
function exchange(
  x: tf.Tensor2D,
  to: tf.Tensor,
  back: readonly tf.Tensor[],
  gradient: (dy: tf.Tensor2D, back: tf.Tensor1D[]) => tf.Tensor,
): tf.Tensor {
  const size = x.shape[1];
  return tf.customGrad((...args) => {
    const [rows, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    save([...back]);
    return {
      value: tf.gather(rows, to as tf.Tensor1D),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.reshape(gradient(tf.reshape(dy, [-1, size]), saved as tf.Tensor1D[]), x.shape),
    };
  })(x);
}

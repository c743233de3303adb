/**
 * Causal attention over a list of past segments and the new tokens, without ever joining their keys and values: the
 * scores are computed per segment, joined for one softmax, and parted again. A segment with fewer rows than the batch
 * is a prefix shared by consecutive rows, whose queries are grouped into one product.
 */
import * as tf from '@tensorflow/tfjs';
import { RecodiError } from '../tensor/errors.ts';
import type { Attend } from './families/family.ts';
import { repeatRows, softmax } from './ops.ts';
import type { Layout } from './packing.ts';
import type { ModelSpec } from './spec.ts';

/** Keys and values of tokens seen before: per layer [Bs, kvHeads, Ts, headDim], keys with their positions applied. */
export interface Segment {
  readonly k: tf.Tensor4D[];
  readonly v: tf.Tensor4D[];
  /** float32 [Bs,Ts], 1 where there is a token. If Bs < B, row b of the batch sees row floor(b / (B/Bs)). */
  readonly mask: tf.Tensor2D;
}

/** One segment with the tokens of both, in order; of the same rows. */
export function joinSegments(first: Segment, second: Segment): Segment {
  return {
    k: first.k.map((k, layer) => tf.concat([k, second.k[layer]!], 2)),
    v: first.v.map((v, layer) => tf.concat([v, second.v[layer]!], 2)),
    mask: tf.concat([first.mask, second.mask], 1),
  };
}

/** Each row of a segment `times` times in a row. */
export function repeatSegment({ k, v, mask }: Segment, times: number): Segment {
  if (times === 1) return { k, v, mask };
  const repeated = <T extends tf.Tensor>(x: T): T => {
    const [rows, ...rest] = x.shape;
    return tf.reshape(repeatRows(tf.reshape(x, [rows!, -1]), times), [rows! * times, ...rest]) as T;
  };
  return { k: k.map(repeated), v: v.map(repeated), mask: repeated(mask) };
}

/** Added to the score of a token that must not be seen; finite, so that a row without tokens stays finite too. */
const HIDDEN = -1e9;

/** What may be seen, as a term of the scores [B,1,T,S], S = all segments' tokens and then the new ones. */
export function attentionBias(mask: tf.Tensor2D, past: readonly Segment[]): tf.Tensor4D {
  const [batch, time] = mask.shape;
  const order = tf.range(0, time, 1, 'int32');
  const causal = tf.lessEqual(tf.reshape(order, [1, 1, time]), tf.reshape(order, [1, time, 1]));
  const fresh = tf.mul(tf.cast(causal, 'float32'), tf.reshape(mask, [batch, 1, time]));
  const seen = past.map(segment => {
    const [rows, length] = segment.mask.shape;
    const every = tf.ones([rows, repeats(batch, rows), time, 1]);
    return tf.reshape(tf.mul(tf.reshape(segment.mask, [rows, 1, 1, length]), every), [batch, time, length]);
  });
  const visible = seen.length === 0 ? fresh : tf.concat([...seen, fresh], -1);
  return tf.reshape(tf.mul(tf.sub(1, visible), HIDDEN), [batch, 1, time, visible.shape[2]!]);
}

export interface Past {
  /** In order, before the new tokens. */
  readonly past: readonly Segment[];
  /** The last past segment, whose keys and values are joined with the new ones. */
  readonly extend?: Segment;
  /** Takes the keys and values of each layer, after those of `extend`. */
  readonly segment: Segment;
}

/** The attention of one layer; `bias` from `attentionBias` for the same batch and segments. */
export function attention(
  { heads, kvHeads }: Pick<ModelSpec, 'heads' | 'kvHeads'>,
  layer: number,
  layout: Layout,
  { past, extend, segment }: Past,
  bias: tf.Tensor4D,
): Attend {
  return ({ q, k, v }) => {
    const joined = (before: tf.Tensor4D | undefined, fresh: tf.Tensor4D) =>
      before ? (tf.concat([before, fresh], 2) as tf.Tensor4D) : fresh;
    const keys = joined(extend?.k[layer], layout.keys(k, kvHeads));
    const values = joined(extend?.v[layer], layout.keys(v, kvHeads));
    segment.k.push(keys);
    segment.v.push(values);

    const split = layout.queries(q, heads);
    const [batch, , time, headDim] = split.shape;
    const rows = (heads / kvHeads) * time;
    const queries: tf.Tensor4D = tf.reshape(split, [batch, kvHeads, rows, headDim]);
    const scores = [...past.map(s => shared(queries, s.k[layer]!, true)), tf.matMul(queries, keys, false, true)];
    const lengths = scores.map(part => part.shape[3]!);
    const all = scores.length === 1 ? scores[0]! : tf.concat(scores, -1);
    const total = all.shape[3]!;
    const visible = tf.add(tf.reshape(all, [batch, heads, time, total]), bias);
    const shares = tf.reshape(softmax(visible), [batch, kvHeads, rows, total]);
    const parts = (lengths.length === 1 ? [shares] : tf.split(shares, lengths, -1)) as tf.Tensor4D[];
    const mixed = parts
      .map((part, i) => (i < past.length ? shared(part, past[i]!.v[layer]!, false) : tf.matMul(part, values)))
      .reduce((sum, part) => tf.add(sum, part));
    return layout.join(tf.reshape(mixed, [batch, heads, time, headDim]));
  };
}

/**
 * left [B,h,n,a] times right [Bs,h,·,·] (transposed if asked) -> [B,h,n,c]. Where Bs < B the rows that share a prefix
 * are stacked, so that `right` is never repeated.
 */
function shared(left: tf.Tensor4D, right: tf.Tensor4D, transposed: boolean): tf.Tensor4D {
  const [batch, heads, n, width] = left.shape;
  const rows = right.shape[0];
  const times = repeats(batch, rows);
  if (times === 1) return tf.matMul(left, right, false, transposed);
  const stacked = tf.transpose(tf.reshape(left, [rows, times, heads, n, width]), [0, 2, 1, 3, 4]);
  const product = tf.matMul(tf.reshape(stacked, [rows, heads, times * n, width]), right, false, transposed);
  const out = product.shape[3]!;
  const parted = tf.transpose(tf.reshape(product, [rows, heads, times, n, out]), [0, 2, 1, 3, 4]);
  return tf.reshape(parted, [batch, heads, n, out]);
}

function repeats(batch: number, rows: number): number {
  if (batch % rows === 0) return batch / rows;
  throw new RecodiError(
    'internal',
    `A past segment of ${rows} rows cannot be shared by a batch of ${batch}: the batch must be a multiple of it.`,
  );
}

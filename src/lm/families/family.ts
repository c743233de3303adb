/**
 * The seam between the transformer's common course (embed, blocks, final norm, head) and what differs from one model
 * family to the next. A family is a record of functions over flattened activations `[B*T, d]`; attention itself is
 * handed in, so that a family says only how queries, keys and values are made.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ModelSpec, NamedShape } from '../spec.ts';
import type { Weights } from '../weights.ts';

/** The embedding matrix [V,d]; every family's weights answer to this name. */
export const EMBEDDING = 'model.embed_tokens.weight';

/** Queries are already scaled by 1/sqrt(headDim). Returns the heads' output `[B*T, heads*headDim]`. */
export type Attend = (qkv: {
  /** [B, kvHeads, heads/kvHeads, T, headDim] */
  q: tf.Tensor5D;
  /** [B, kvHeads, T, headDim] */
  k: tf.Tensor4D;
  v: tf.Tensor4D;
}) => tf.Tensor2D;

export interface Family {
  parameterShapes(spec: ModelSpec): readonly NamedShape[];
  headName(spec: ModelSpec): string;
  /** Work shared by all blocks (such as rotary tables), for `positions` int32 [B,T]. */
  prepare(spec: ModelSpec, positions: tf.Tensor2D): Block;
  /** [n,d] -> [n,d], the norm before the head. */
  finalNorm(spec: ModelSpec, weights: Weights, x: tf.Tensor2D): tf.Tensor2D;
}

/** One layer: [B*T,d] -> [B*T,d]. */
export type Block = (weights: Weights, layer: number, x: tf.Tensor2D, attend: Attend) => tf.Tensor2D;

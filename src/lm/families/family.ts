/**
 * The seam between the transformer's common course (embed, blocks, final norm, head) and what differs from one model
 * family to the next. A family is a record of functions over the activations of n tokens, [n,d]; attention itself is
 * handed in, so that a family says only how queries, keys and values are made.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ModelSpec, NamedShape } from '../spec.ts';
import type { Weights } from '../weights.ts';

/** The embedding matrix [V,d]; every family's weights answer to this name. */
export const EMBEDDING = 'model.embed_tokens.weight';

/**
 * Queries [n, heads·headDim], already scaled by 1/sqrt(headDim), keys and values [n, kvHeads·headDim], positions applied.
 * Returns the heads' output [n, heads·headDim].
 */
export type Attend = (qkv: { q: tf.Tensor2D; k: tf.Tensor2D; v: tf.Tensor2D }) => tf.Tensor2D;

export interface Family {
  parameterShapes(spec: ModelSpec): readonly NamedShape[];
  headName(spec: ModelSpec): string;
  /** Work shared by all blocks (such as rotary tables), for `positions` int32 [n]. */
  prepare(spec: ModelSpec, positions: tf.Tensor1D): Block;
  /** Keys [B,kvHeads,T,headDim] as they were if row b's tokens stood `by[b]` (float32 [B]) places further on. */
  moveKeys(spec: ModelSpec, keys: tf.Tensor4D, by: tf.Tensor1D): tf.Tensor4D;
  /** [n,d] -> [n,d], the norm before the head. */
  finalNorm(spec: ModelSpec, weights: Weights, x: tf.Tensor2D): tf.Tensor2D;
}

/** One layer: [n,d] -> [n,d]; of the tokens `wanted` [m] alone -> [m,d], which attend to all. */
export type Block = (
  weights: Weights,
  layer: number,
  x: tf.Tensor2D,
  attend: Attend,
  wanted?: tf.Tensor1D,
) => tf.Tensor2D;

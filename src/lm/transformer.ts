/**
 * One decoder-only transformer for every family: embeddings in, final-norm states, layer states and keys/values out.
 * It takes embeddings rather than ids (`embed` makes them), so latent thoughts and injected vectors are ordinary
 * inputs. Padding is a mask and positions are explicit; padded places change no real token, on either side, and need not be
 * computed at all (packing.ts).
 */
import * as tf from '@tensorflow/tfjs';
import { attention, attentionBias, type Segment } from './attention.ts';
import { EMBEDDING, type Family } from './families/family.ts';
import { llama } from './families/llama.ts';
import { linear } from './ops.ts';
import { type Layout, type Packing, packed, packedLayout, paddedLayout } from './packing.ts';
import type { ModelSpec } from './spec.ts';
import type { Weights } from './weights.ts';

export { joinSegments, repeatSegment, type Segment } from './attention.ts';

const families: Record<ModelSpec['family'], Family> = { llama };

export interface ForwardInput {
  readonly embeddings: tf.Tensor3D; // [B,T,d]
  readonly mask: tf.Tensor2D; // float32 [B,T], 1 = a token
  readonly positions: tf.Tensor2D; // int32 [B,T]
  /** Tokens before these, each segment's in turn; gradients flow into them. */
  readonly past?: readonly Segment[];
  /**
   * A last past segment, of the same rows, whose keys and values are joined with the new ones: the returned segment
   * holds both. Cheaper than a list where texts grow token by token and are short.
   */
  readonly extend?: Segment;
  readonly injection?: Injection;
}

/**
 * Vectors added to the residual stream at the output of a block, as activation oracles take them (Karvonen et al. 2025): each as long as
 * the residual that it is added to, times its own length. No gradient flows through what is added.
 */
export interface Injection {
  /** From 0; not the last one. */
  readonly block: number;
  /** [B,T,d]: unit vectors times a coefficient, and zeros where nothing is added. */
  readonly directions: tf.Tensor3D;
}

export interface ForwardOutput {
  readonly hidden: tf.Tensor3D; // [B,T,d], after the final norm
  /** As Hugging Face's `hidden_states`: the embeddings, each block's output but the last's, and `hidden`. */
  readonly hiddenStates: tf.Tensor3D[];
  /** Keys and values of these tokens, after those of `extend`. */
  readonly segment: Segment;
}

/** Runs the blocks over every place of the batch. `hiddenStates` is empty unless asked for. */
export function forward(
  spec: ModelSpec,
  weights: Weights,
  input: ForwardInput,
  options: { hiddenStates?: boolean } = {},
): ForwardOutput {
  const [batch, time, d] = input.embeddings.shape;
  const run = blocks(spec, weights, input, {
    layout: paddedLayout(batch, time),
    x: tf.reshape(input.embeddings, [batch * time, d]),
    positions: tf.reshape(input.positions, [batch * time]),
    ...(input.injection && { added: tf.reshape(input.injection.directions, [batch * time, d]) }),
  });
  const shaped = (states: tf.Tensor2D): tf.Tensor3D => tf.reshape(states, [batch, time, d]);
  const hidden = shaped(run.final);
  const between = run.outputs.slice(0, -1).map(shaped);
  return {
    hidden,
    hiddenStates: options.hiddenStates ? [input.embeddings, ...between, hidden] : [],
    segment: run.segment,
  };
}

/** Which places of a batch are computed, and whose states are wanted. */
export interface Choice {
  /** All places, if absent. */
  readonly packing?: Packing;
  /** int32 [m]: numbers of tokens among those computed; all of them, if absent. */
  readonly wanted?: tf.Tensor1D;
}

/**
 * States after the final norm [m,d] of the wanted tokens, and the keys and values of all. In the last block nothing but attention
 * is computed for the others.
 */
export function statesOf(
  spec: ModelSpec,
  weights: Weights,
  input: ForwardInput,
  { packing, wanted }: Choice,
): { states: tf.Tensor2D; segment: Segment } {
  const [batch, time, d] = input.embeddings.shape;
  const x: tf.Tensor2D = tf.reshape(input.embeddings, [batch * time, d]);
  const positions: tf.Tensor1D = tf.reshape(input.positions, [batch * time]);
  const rows = <T extends tf.Tensor>(of: T): T => (packing ? tf.gather(of, packing.tokens) : of);
  const { final, segment } = blocks(spec, weights, input, {
    layout: packing ? packedLayout(packing, batch, time) : paddedLayout(batch, time),
    x: packing ? packed(x, packing) : x,
    positions: rows(positions),
    ...(input.injection && { added: rows(tf.reshape(input.injection.directions, [batch * time, d])) }),
    ...(wanted && { wanted }),
  });
  return { states: final, segment };
}

interface Tokens {
  readonly layout: Layout;
  readonly x: tf.Tensor2D; // [n,d]
  readonly positions: tf.Tensor1D; // int32 [n]
  readonly wanted?: tf.Tensor1D;
  /** Directions of the injection [n,d]. */
  readonly added?: tf.Tensor2D;
}

function blocks(
  spec: ModelSpec,
  weights: Weights,
  input: ForwardInput,
  { layout, x, positions, wanted, added }: Tokens,
) {
  const family = families[spec.family];
  const past = input.past ?? [];
  const { extend } = input;
  const bias = attentionBias(input.mask, extend ? [...past, extend] : past);
  const mask = extend ? (tf.concat([extend.mask, input.mask], 1) as tf.Tensor2D) : input.mask;
  const segment: Segment = { k: [], v: [], mask };
  const seen = { past, segment, ...(extend && { extend }) };
  const block = family.prepare(spec, positions);
  const outputs: tf.Tensor2D[] = [];
  for (let layer = 0; layer < spec.layers; layer++) {
    const last = layer === spec.layers - 1;
    const attend = attention(spec, layer, layout, seen, bias);
    const output = block(weights, layer, outputs.at(-1) ?? x, attend, last ? wanted : undefined);
    outputs.push(added && layer === input.injection!.block ? injected(output, added) : output);
  }
  return { final: family.finalNorm(spec, weights, outputs.at(-1)!), outputs, segment };
}

/** [n,d], [n,d] -> [n,d]: x + |x| · direction, row by row. */
function injected(x: tf.Tensor2D, directions: tf.Tensor2D): tf.Tensor2D {
  return tf.customGrad((...args) => {
    const [residual] = args as [tf.Tensor2D];
    const added = tf.mul(directions, tf.norm(residual, 2, 1, true));
    return { value: tf.add(residual, added), gradFunc: (dy: tf.Tensor) => dy };
  })(x) as tf.Tensor2D;
}

/** int32 [B,T] -> [B,T,d]. */
export function embed(weights: Weights, ids: tf.Tensor2D): tf.Tensor3D {
  const [batch, time] = ids.shape;
  const table = weights.tensor(EMBEDDING) as tf.Tensor2D;
  return tf.reshape(tf.gather(table, tf.reshape(ids, [batch * time])), [batch, time, table.shape[1]]);
}

/** A segment as it would be if row b's tokens stood `by[b]` (float32 [B]) places further on. */
export function moveSegment(spec: ModelSpec, segment: Segment, by: tf.Tensor1D): Segment {
  return { ...segment, k: segment.k.map(keys => families[spec.family].moveKeys(spec, keys, by)) };
}

/** Final-norm states [n,d] -> logits [n,V]. */
export function logits(spec: ModelSpec, weights: Weights, hidden: tf.Tensor2D): tf.Tensor2D {
  return linear(weights, families[spec.family].headName(spec), hidden);
}

/** mask [B,T] -> int32 [B,T]: each token's index among its row's tokens; 0 where there is none before. */
export function positionsOf(mask: tf.Tensor2D): tf.Tensor2D {
  return tf.cast(tf.maximum(tf.sub(tf.cumsum(mask, 1), 1), 0), 'int32');
}

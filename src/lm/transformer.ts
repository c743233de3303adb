/**
 * One decoder-only transformer for every family: embeddings in, final-norm states, layer states and keys/values out.
 * It takes embeddings rather than ids (`embed` makes them), so latent thoughts and injected vectors are ordinary
 * inputs. Padding is a mask and positions are explicit; padded places change no real token, on either side.
 */
import * as tf from '@tensorflow/tfjs';
import { attention, attentionBias, type Segment } from './attention.ts';
import { type Attend, EMBEDDING, type Family } from './families/family.ts';
import { llama } from './families/llama.ts';
import { linear } from './ops.ts';
import type { ModelSpec } from './spec.ts';
import type { Weights } from './weights.ts';

export { joinSegments, type Segment } from './attention.ts';

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
}

export interface ForwardOutput {
  readonly hidden: tf.Tensor3D; // [B,T,d], after the final norm
  /** As Hugging Face's `hidden_states`: the embeddings, each block's output but the last's, and `hidden`. */
  readonly hiddenStates: tf.Tensor3D[];
  /** Keys and values of these tokens, after those of `extend`. */
  readonly segment: Segment;
}

/** Runs the blocks over the new tokens. `hiddenStates` is empty unless asked for. */
export function forward(
  spec: ModelSpec,
  weights: Weights,
  input: ForwardInput,
  options: { hiddenStates?: boolean } = {},
): ForwardOutput {
  const family = families[spec.family];
  const [batch, time, d] = input.embeddings.shape;
  const past = input.past ?? [];
  const { extend } = input;
  const bias = attentionBias(input.mask, extend ? [...past, extend] : past);
  const block = family.prepare(spec, input.positions);
  const mask = extend ? (tf.concat([extend.mask, input.mask], 1) as tf.Tensor2D) : input.mask;
  const segment: Segment = { k: [], v: [], mask };
  const hiddenStates: tf.Tensor3D[] = options.hiddenStates ? [input.embeddings] : [];

  let x: tf.Tensor2D = tf.reshape(input.embeddings, [batch * time, d]);
  for (let layer = 0; layer < spec.layers; layer++) {
    const attend = attention(layer, past, bias);
    const remember: Attend = ({ q, k, v }) => {
      const keys = extend ? tf.concat([extend.k[layer]!, k], 2) : k;
      const values = extend ? tf.concat([extend.v[layer]!, v], 2) : v;
      segment.k.push(keys);
      segment.v.push(values);
      return attend({ q, k: keys, v: values });
    };
    x = block(weights, layer, x, remember);
    if (options.hiddenStates && layer < spec.layers - 1) hiddenStates.push(tf.reshape(x, [batch, time, d]));
  }
  const hidden: tf.Tensor3D = tf.reshape(family.finalNorm(spec, weights, x), [batch, time, d]);
  if (options.hiddenStates) hiddenStates.push(hidden);
  return { hidden, hiddenStates, segment };
}

/** int32 [B,T] -> [B,T,d]. */
export function embed(weights: Weights, ids: tf.Tensor2D): tf.Tensor3D {
  const [batch, time] = ids.shape;
  const table = weights.tensor(EMBEDDING) as tf.Tensor2D;
  return tf.reshape(tf.gather(table, tf.reshape(ids, [batch * time])), [batch, time, table.shape[1]]);
}

/** Final-norm states [n,d] -> logits [n,V]. */
export function logits(spec: ModelSpec, weights: Weights, hidden: tf.Tensor2D): tf.Tensor2D {
  return linear(weights, families[spec.family].headName(spec), hidden);
}

/** mask [B,T] -> int32 [B,T]: each token's index among its row's tokens; 0 where there is none before. */
export function positionsOf(mask: tf.Tensor2D): tf.Tensor2D {
  return tf.cast(tf.maximum(tf.sub(tf.cumsum(mask, 1), 1), 0), 'int32');
}

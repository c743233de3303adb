/**
 * The llama family: pre-norm blocks with RMSNorm, rotary positions, grouped-query attention and SwiGLU.
 * Parameter names and shapes are those of Hugging Face's LlamaForCausalLM, so a checkpoint is used as it is.
 */
import * as tf from '@tensorflow/tfjs';
import { linear, rmsNorm, rope, swiglu } from '../ops.ts';
import type { ModelSpec, NamedShape } from '../spec.ts';
import type { Weights } from '../weights.ts';
import { type Block, EMBEDDING, type Family } from './family.ts';

export const llama: Family = {
  headName: spec => (spec.tieEmbeddings ? EMBEDDING : 'lm_head.weight'),

  parameterShapes(spec) {
    const { hiddenSize: d, intermediateSize: f, heads, kvHeads, headDim } = spec;
    const shapes: NamedShape[] = [[EMBEDDING, [spec.vocabSize, d]]];
    for (let layer = 0; layer < spec.layers; layer++) {
      const at = `model.layers.${layer}`;
      shapes.push(
        [`${at}.input_layernorm.weight`, [d]],
        [`${at}.self_attn.q_proj.weight`, [heads * headDim, d]],
        [`${at}.self_attn.k_proj.weight`, [kvHeads * headDim, d]],
        [`${at}.self_attn.v_proj.weight`, [kvHeads * headDim, d]],
        [`${at}.self_attn.o_proj.weight`, [d, heads * headDim]],
        [`${at}.post_attention_layernorm.weight`, [d]],
        [`${at}.mlp.gate_proj.weight`, [f, d]],
        [`${at}.mlp.up_proj.weight`, [f, d]],
        [`${at}.mlp.down_proj.weight`, [d, f]],
      );
    }
    shapes.push(['model.norm.weight', [d]]);
    if (!spec.tieEmbeddings) shapes.push(['lm_head.weight', [spec.vocabSize, d]]);
    return shapes;
  },

  prepare(spec, positions): Block {
    const [batch, time] = positions.shape;
    const { heads, kvHeads, headDim, normEps } = spec;
    const tables = ropeTables(spec, positions);
    return (weights, layer, x, attend) => {
      const at = `model.layers.${layer}`;
      const norm = (name: string, y: tf.Tensor2D) => rmsNorm(y, weights.tensor(`${at}.${name}.weight`), normEps);
      const project = (name: string, y: tf.Tensor2D) => linear(weights, `${at}.${name}.weight`, y);

      const h = norm('input_layernorm', x);
      const q = project('self_attn.q_proj', h).reshape([batch, time, kvHeads, heads / kvHeads, headDim]);
      const k = project('self_attn.k_proj', h).reshape([batch, time, kvHeads, headDim]);
      const v = project('self_attn.v_proj', h).reshape([batch, time, kvHeads, headDim]);
      const attended = attend({
        q: rope(tf.transpose(q, [0, 2, 3, 1, 4]), tables.queryCos, tables.querySin) as tf.Tensor5D,
        k: rope(tf.transpose(k, [0, 2, 1, 3]), tables.cos, tables.sin) as tf.Tensor4D,
        v: tf.transpose(v, [0, 2, 1, 3]) as tf.Tensor4D,
      });
      const middle = tf.add<tf.Tensor2D>(x, project('self_attn.o_proj', attended));

      const m = norm('post_attention_layernorm', middle);
      const gated = swiglu(project('mlp.gate_proj', m), project('mlp.up_proj', m));
      return tf.add(middle, project('mlp.down_proj', gated));
    };
  },

  finalNorm: (spec, weights: Weights, x) => rmsNorm(x, weights.tensor('model.norm.weight'), spec.normEps),
};

/** cos and sin of position × frequency, once for all layers; the queries' carry the scores' 1/sqrt(headDim). */
function ropeTables(spec: ModelSpec, positions: tf.Tensor2D) {
  const [batch, time] = positions.shape;
  const half = spec.headDim / 2;
  const frequencies = tf.tensor2d(inverseFrequencies(spec), [1, half]);
  const angles = tf.mul(tf.cast(tf.reshape(positions, [batch * time, 1]), 'float32'), frequencies);
  const cos = tf.cos(angles);
  const sin = tf.sin(angles);
  const scale = 1 / Math.sqrt(spec.headDim);
  return {
    cos: tf.reshape(cos, [batch, 1, time, half]),
    sin: tf.reshape(sin, [batch, 1, time, half]),
    queryCos: tf.reshape(tf.mul(cos, scale), [batch, 1, 1, time, half]),
    querySin: tf.reshape(tf.mul(sin, scale), [batch, 1, 1, time, half]),
  };
}

/** [headDim/2] rotary frequencies, with Llama 3's scaling of the long wavelengths as transformers computes it. */
export function inverseFrequencies(spec: ModelSpec): Float32Array {
  const scaling = spec.ropeScaling;
  return Float32Array.from({ length: spec.headDim / 2 }, (_, i) => {
    const frequency = spec.ropeTheta ** ((-2 * i) / spec.headDim);
    if (!scaling) return frequency;
    if (scaling.type === 'linear') return frequency / scaling.factor;
    const turns = (scaling.originalMaxPositions * frequency) / (2 * Math.PI);
    const { lowFreqFactor: low, highFreqFactor: high } = scaling;
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return kept * frequency + (1 - kept) * (frequency / scaling.factor);
  });
}

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
    const { heads, kvHeads, headDim, normEps } = spec;
    const n = positions.shape[0];
    const { queries, keys } = ropeTables(spec, positions);
    return (weights, layer, x, attend, wanted) => {
      const at = `model.layers.${layer}`;
      const norm = (name: string, y: tf.Tensor2D) => rmsNorm(y, weights.tensor(`${at}.${name}.weight`), normEps);
      const project = (name: string, y: tf.Tensor2D) => linear(weights, `${at}.${name}.weight`, y);
      const rotated = (y: tf.Tensor2D, count: number, { cos, sin }: RopeTables): tf.Tensor2D =>
        tf.reshape(rope(tf.reshape(y, [n, count, headDim]), cos, sin), [n, count * headDim]);
      const taken = (y: tf.Tensor2D): tf.Tensor2D => (wanted ? tf.gather(y, wanted) : y);

      const h = norm('input_layernorm', x);
      const attended = attend({
        q: rotated(project('self_attn.q_proj', h), heads, queries),
        k: rotated(project('self_attn.k_proj', h), kvHeads, keys),
        v: project('self_attn.v_proj', h),
      });
      const middle = tf.add<tf.Tensor2D>(taken(x), project('self_attn.o_proj', taken(attended)));

      const m = norm('post_attention_layernorm', middle);
      const gated = swiglu(project('mlp.gate_proj', m), project('mlp.up_proj', m));
      return tf.add(middle, project('mlp.down_proj', gated));
    };
  },

  moveKeys(spec, keys, by) {
    const { cos, sin } = ropeTables(spec, by).keys;
    const perRow = (table: tf.Tensor3D) => tf.expandDims(table, 1);
    return rope(keys, perRow(cos), perRow(sin)) as tf.Tensor4D;
  },

  finalNorm: (spec, weights: Weights, x) => rmsNorm(x, weights.tensor('model.norm.weight'), spec.normEps),
};

interface RopeTables {
  readonly cos: tf.Tensor3D; // [n,1,headDim/2]
  readonly sin: tf.Tensor3D;
}

/** cos and sin of position × frequency, once for all layers; the queries' carry the scores' 1/sqrt(headDim). */
function ropeTables(spec: ModelSpec, positions: tf.Tensor1D): Record<'queries' | 'keys', RopeTables> {
  const [n, half] = [positions.shape[0], spec.headDim / 2];
  const frequencies = tf.tensor3d(inverseFrequencies(spec), [1, 1, half]);
  const angles: tf.Tensor3D = tf.mul(tf.cast(tf.reshape(positions, [n, 1, 1]), 'float32'), frequencies);
  const keys: RopeTables = { cos: tf.cos(angles), sin: tf.sin(angles) };
  const scale = 1 / Math.sqrt(spec.headDim);
  const scaled = (table: tf.Tensor3D): tf.Tensor3D => tf.mul(table, scale);
  return { keys, queries: { cos: scaled(keys.cos), sin: scaled(keys.sin) } };
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

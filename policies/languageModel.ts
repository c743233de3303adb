/**
 * The language-model policy: it writes a text for a target vector that is injected into its prompt at a marker token.
 *
 * Prompt: `<inv>`, the injected vector (a trained affine map of the standardised target), `<sep>`, then the text. Trained
 * are all parameters of a small model or low-rank adapters of a large one, the injection, and a value head. The policy
 * does not see the question unless told to: with it, it solves the problem instead of reading the latent. All is graph code.
 */

import { createDecoder } from '../src/lm/decode.ts';
import { type LoraSettings, loraShapes } from '../src/lm/lora.ts';
import { logProbAndEntropy, repeatRows } from '../src/lm/ops.ts';
import type { Packing } from '../src/lm/packing.ts';
import { count, hostView, initialise, type Layout, layout } from '../src/lm/parameters.ts';
import { type ModelSpec, parameterShapes } from '../src/lm/spec.ts';
import { embed, logits, positionsOf, statesOf } from '../src/lm/transformer.ts';
import { frozenWeights, viewWeights, type Weights, withAdapters } from '../src/lm/weights.ts';
import { tf } from '../src/tensor/index.ts';
import { openSafetensors } from '../src/tensor/safetensors.ts';

export interface PolicySpec {
  readonly model: ModelSpec;
  /** Float32 safetensors of the base language model: where full training starts, what adapters sit on. */
  readonly baseFile: string;
  readonly lora?: LoraSettings;
  /** Size of the target vectors. */
  readonly targetSize: number;
  /** The prompt begins with the problem's question. */
  readonly seesQuestion?: boolean;
  /** Texts are written with the frozen weights in 8-bit integers. */
  readonly int8Rollouts?: boolean;
  readonly injectId: number;
  readonly separatorId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Tokens that a text may not hold. */
  readonly banned: readonly number[];
}

/** Target vectors [G,d], standardised by the statistics of text states, and the question where the policy may see it. */
export interface PromptInputs {
  readonly z: tf.Tensor2D;
  readonly question?: { readonly ids: tf.Tensor2D; readonly mask: tf.Tensor2D };
}

type Named = Readonly<Record<string, tf.Tensor>>;

/** Every trained parameter, in the order of the flat vector. */
export function policyLayout(spec: PolicySpec): Layout {
  const d = spec.model.hiddenSize;
  return layout([
    ...(spec.lora ? loraShapes(spec.model, spec.lora) : parameterShapes(spec.model)),
    ['injection.weight', [d, spec.targetSize]],
    ['injection.bias', [d]],
    ['value.weight', [1, d]],
    ['value.bias', [1]],
  ]);
}

/** Starting parameters: the base model (or fresh adapters), a scaled identity as injection, a zero value head. */
export function initialPolicy(spec: PolicySpec, stream: () => number): Float32Array {
  const map = policyLayout(spec);
  const params = initialise(map, { std: 0.02, stream });
  const base = openSafetensors(spec.baseFile);
  if (!spec.lora) for (const [name] of parameterShapes(spec.model)) hostView(map, params, name).set(base.read(name));
  const d = spec.model.hiddenSize;
  const embedding = base.read('model.embed_tokens.weight');
  const scale = 2 * Math.sqrt(embedding.reduce((sum, x) => sum + x * x, 0) / embedding.length);
  const injection = hostView(map, params, 'injection.weight').fill(0);
  for (let i = 0; i < Math.min(d, spec.targetSize); i++) injection[i * spec.targetSize + i] = scale;
  hostView(map, params, 'value.weight').fill(0);
  return params;
}

/** The language model's weights under the trained parameters, and the policy's own beside them. */
export function policyWeights(spec: PolicySpec, named: Named): Weights {
  const { lora } = spec;
  if (!lora) return viewWeights(named);
  const base = frozenWeights(spec.baseFile);
  const own: Weights = { tensor: name => named[name] ?? base.tensor(name) };
  return withAdapters(own, named, lora);
}

/** Tokens of a prompt beside the question: `<inv>`, the vector, `<sep>`. */
export const PROMPT_TOKENS = 3;

/** Embeddings, mask and positions of the prompt: question (if seen), `<inv>`, the vector, `<sep>`. */
export function promptOf(spec: PolicySpec, weights: Weights, inputs: PromptInputs) {
  const rows = inputs.z.shape[0];
  const injected = tf.add(
    tf.matMul(inputs.z, weights.tensor('injection.weight') as tf.Tensor2D, false, true),
    weights.tensor('injection.bias'),
  );
  const marker = (id: number) => embed(weights, tf.fill([rows, 1], id, 'int32') as tf.Tensor2D);
  const parts: tf.Tensor3D[] = [
    marker(spec.injectId),
    tf.expandDims(injected, 1) as tf.Tensor3D,
    marker(spec.separatorId),
  ];
  const { question } = inputs;
  if (question) parts.unshift(embed(weights, question.ids));
  const embeddings = tf.concat(parts, 1);
  const own = tf.ones([rows, PROMPT_TOKENS]) as tf.Tensor2D;
  const mask = question ? (tf.concat([question.mask, own], 1) as tf.Tensor2D) : own;
  return { embeddings, mask, positions: positionsOf(mask) };
}

/** Texts [B,T], right-padded, stop token included, in equal groups after each prompt; see textRows.ts for how they are packed. */
export interface TextInputs {
  readonly ids: tf.Tensor2D; // int32
  readonly mask: tf.Tensor2D;
  /** Of prompts and texts without their last tokens: places in [B, P+T-1]; the texts of a group share their prompt. */
  readonly packing: Packing;
  /** int32 [m]: the computed tokens whose next token is one of a text. */
  readonly wanted: tf.Tensor1D;
  /** int32 [m]: those next tokens. */
  readonly next: tf.Tensor1D;
}

export interface ScoreInputs {
  readonly params: Named;
  readonly prompt: PromptInputs;
  readonly texts: TextInputs;
  readonly temperature: tf.Scalar;
}

/** Log-probability and entropy of each token of the texts at a temperature, and the value of the state before each: all [m]. */
export function scoreTexts(spec: PolicySpec, { params, prompt: inputs, texts, temperature }: ScoreInputs) {
  const weights = policyWeights(spec, params);
  const prompt = promptOf(spec, weights, inputs);
  const [rows, width] = texts.ids.shape;
  const [prompts, length, d] = prompt.embeddings.shape;
  const repeated = (of: tf.Tensor) => repeatRows(tf.reshape(of, [prompts, -1]), rows / prompts);
  const read = <T extends tf.Tensor>(of: T) => tf.slice(of, [0, 0], [rows, width - 1]) as T;
  const mask: tf.Tensor2D = tf.concat([repeated(prompt.mask), read(texts.mask)], 1);
  const shown: tf.Tensor3D = tf.reshape(repeated(prompt.embeddings), [rows, length, d]);
  const embeddings: tf.Tensor3D = tf.concat([shown, embed(weights, read(texts.ids))], 1);
  const input = { embeddings, mask, positions: positionsOf(mask) };
  const { states } = statesOf(spec.model, weights, input, texts);
  const scaled = tf.div(tf.add(logits(spec.model, weights, states), banBias(spec)), temperature) as tf.Tensor2D;
  const { logProb, entropy } = logProbAndEntropy(scaled, texts.next);
  const value = tf.add(
    tf.matMul(states, weights.tensor('value.weight') as tf.Tensor2D, false, true),
    weights.tensor('value.bias'),
  );
  return { logProb, entropy, value: tf.reshape(value, [-1]) as tf.Tensor1D };
}

/** Added to logits [n,V]: what may not be written is out of reach. */
function banBias(spec: PolicySpec): tf.Tensor1D {
  const bias = new Float32Array(spec.model.vocabSize);
  for (const id of spec.banned) bias[id] = -1e9;
  return tf.tensor1d(bias);
}

/** Parameters as named arrays, for saving. */
export function namedParameters(
  spec: PolicySpec,
  params: Float32Array,
): Record<string, { dtype: 'F32'; shape: readonly number[]; data: Float32Array }> {
  const entries = policyLayout(spec).entries.map(({ name, shape, offset }) => {
    return [name, { dtype: 'F32' as const, shape, data: params.slice(offset, offset + count(shape)) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Writes texts with the parameters that each call is given. */
export function createPolicyDecoder(spec: PolicySpec) {
  return createDecoder({
    name: 'policy.write',
    spec: spec.model,
    weights: params => policyWeights(spec, params!),
    prompt: (weights, inputs: PromptInputs) => promptOf(spec, weights, inputs),
    banned: [...spec.banned],
    stop: [spec.eosId],
    padId: spec.padId,
    hot: true,
    int8: spec.int8Rollouts ?? false,
  });
}

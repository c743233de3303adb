/**
 * The oracle: a language model that is shown vectors and asked about them.
 *
 * Its prompt is that of activation oracles (Karvonen et al. 2025): `Layer: L`, a marker per vector, the question. A vector is added to
 * the residual stream at its marker, at a block's output, as long as what it is added to (`residual`), or stands in the marker's place
 * as a trained affine map of it (`embedding`, as policies take targets). Trained are all weights or low-rank adapters, and the
 * embeddings of words that the base model does not know. All is graph code.
 */
import { createDecoder } from '../lm/decode.ts';
import { EMBEDDING } from '../lm/families/family.ts';
import { type LoraSettings, loraShapes } from '../lm/lora.ts';
import { logProb } from '../lm/ops.ts';
import { hostView, initialise, type Layout, layout } from '../lm/parameters.ts';
import { type ModelSpec, type NamedShape, parameterShapes } from '../lm/spec.ts';
import { embed, type ForwardInput, logits, positionsOf, statesOf } from '../lm/transformer.ts';
import { frozenWeights, viewWeights, type Weights, withAdapters } from '../lm/weights.ts';
import { tf } from '../tensor/index.ts';
import { openSafetensors } from '../tensor/safetensors.ts';

export type OracleInjection =
  | { readonly kind: 'residual'; readonly block: number; readonly coefficient: number }
  | { readonly kind: 'embedding' };

export interface OracleSpec {
  /** Of the base model; `vocabSize` counts the words that were added. */
  readonly model: ModelSpec;
  /** Float32 safetensors of the base model, whose vocabulary has `baseVocabSize` words. */
  readonly baseFile: string;
  readonly baseVocabSize: number;
  readonly lora?: LoraSettings;
  readonly injection: OracleInjection;
  /** Size of the vectors. */
  readonly targetSize: number;
  readonly eosId: number;
  readonly padId: number;
}

/** Prompts with their markers, and what follows them, padded. */
export interface OracleInputs {
  readonly ids: tf.Tensor2D; // int32 [B,T]
  readonly mask: tf.Tensor2D; // [B,T]
  /** Vectors as they are injected [M,targetSize], the first of which is never used. */
  readonly vectors: tf.Tensor2D;
  /** int32 [B·T]: the vector at each place, 0 for none. */
  readonly shown: tf.Tensor1D;
}

type Named = Readonly<Record<string, tf.Tensor>>;

const HEAD = 'lm_head.weight';
/** Rows of words that the base model does not know, beside frozen weights. */
const ADDED = 'added.';

/** Matrices with a row per word. */
const vocabularies = ({ tieEmbeddings }: ModelSpec) => (tieEmbeddings ? [EMBEDDING] : [EMBEDDING, HEAD]);

/** Every trained parameter, in the order of the flat vector. */
export function oracleLayout({ model, baseVocabSize, lora, injection, targetSize }: OracleSpec): Layout {
  const d = model.hiddenSize;
  const added = model.vocabSize - baseVocabSize;
  const words = vocabularies(model).map((name): NamedShape => [`${ADDED}${name}`, [added, d]]);
  return layout([
    ...(lora ? [...loraShapes(model, lora), ...(added > 0 ? words : [])] : parameterShapes(model)),
    ...(injection.kind === 'embedding'
      ? [['injection.weight', [d, targetSize]] as const, ['injection.bias', [d]] as const]
      : []),
  ]);
}

const ADAPTER_STD = 0.02;

/** The base model (or fresh adapters), added words as its embeddings are spread, a scaled identity as injection. */
export function initialOracle(spec: OracleSpec, draw: () => number): Float32Array {
  const { model, targetSize } = spec;
  const map = oracleLayout(spec);
  const base = openSafetensors(spec.baseFile);
  const embedding = base.read(EMBEDDING);
  const spread = Math.sqrt(embedding.reduce((sum, x) => sum + x * x, 0) / embedding.length);
  const isVocabulary = (name: string) => vocabularies(model).some(own => name.endsWith(own));
  const params = initialise(map, { std: name => (isVocabulary(name) ? spread : ADAPTER_STD), stream: draw });
  // Of a vocabulary that has grown the first rows are the base model's.
  if (!spec.lora) for (const [name] of parameterShapes(model)) hostView(map, params, name).set(base.read(name));
  if (spec.injection.kind === 'embedding') {
    const injection = hostView(map, params, 'injection.weight').fill(0);
    for (let i = 0; i < Math.min(model.hiddenSize, targetSize); i++) injection[i * targetSize + i] = 2 * spread;
  }
  return params;
}

function oracleWeights({ baseFile, lora }: OracleSpec, named: Named): Weights {
  if (!lora) return viewWeights(named);
  const base = frozenWeights(baseFile);
  const tensor = (name: string) => {
    const added = named[`${ADDED}${name}`];
    return named[name] ?? (added ? tf.concat([base.tensor(name), added], 0) : base.tensor(name));
  };
  return withAdapters({ tensor }, named, lora);
}

function promptOf({ injection }: OracleSpec, weights: Weights, inputs: OracleInputs): ForwardInput {
  const words = embed(weights, inputs.ids);
  const { mask } = inputs;
  const positions = positionsOf(mask);
  const placed = (rows: tf.Tensor2D) => tf.reshape(tf.gather(rows, inputs.shown), words.shape) as tf.Tensor3D;
  if (injection.kind === 'residual')
    return {
      embeddings: words,
      mask,
      positions,
      injection: { block: injection.block, directions: placed(inputs.vectors) },
    };
  const mapped = tf.add<tf.Tensor2D>(
    tf.matMul(inputs.vectors, weights.tensor('injection.weight') as tf.Tensor2D, false, true),
    weights.tensor('injection.bias'),
  );
  const taken = tf.reshape(tf.minimum(tf.cast(inputs.shown, 'float32'), 1), [...mask.shape, 1]);
  const embeddings = tf.add<tf.Tensor3D>(tf.mul(words, tf.sub(1, taken)), tf.mul(placed(mapped), taken));
  return { embeddings, mask, positions };
}

export interface LossInputs extends OracleInputs {
  /** int32 [m]: places in [B·T] whose next token is one of an answer, those tokens, and 1 for each (0 in the filling). */
  readonly wanted: tf.Tensor1D;
  readonly next: tf.Tensor1D;
  readonly counted: tf.Tensor1D;
  /** Answer tokens of the whole batch. */
  readonly tokens: tf.Scalar;
}

/** Cross-entropy of the answers, as this share of the batch adds to its mean over tokens; and how many tokens are the likeliest. */
export function oracleLoss(spec: OracleSpec, named: Named, inputs: LossInputs) {
  const weights = oracleWeights(spec, named);
  const { states } = statesOf(spec.model, weights, promptOf(spec, weights, inputs), { wanted: inputs.wanted });
  const scores = logits(spec.model, weights, states);
  const found = logProb(scores, inputs.next);
  const share = (of: tf.Tensor) => tf.div(tf.sum(tf.mul(of, inputs.counted)), inputs.tokens) as tf.Scalar;
  const loss = tf.neg(share(found)) as tf.Scalar;
  const hit = tf.cast(tf.equal(tf.cast(tf.argMax(scores, -1), 'int32'), inputs.next), 'float32');
  return { loss, metrics: { 'oracle/loss': loss, 'oracle/token_accuracy': share(hit) } };
}

/** Writes answers, greedily. */
export function createOracleDecoder(spec: OracleSpec) {
  return createDecoder({
    name: 'oracle.answer',
    spec: spec.model,
    weights: params => oracleWeights(spec, params!),
    prompt: (weights, inputs: OracleInputs) => promptOf(spec, weights, inputs),
    stop: [spec.eosId],
    padId: spec.padId,
  });
}

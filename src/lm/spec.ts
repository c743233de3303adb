/**
 * What a language model is, as data: the sizes and constants that its code needs, read from a Hugging Face
 * `config.json` and written back to one. Nothing here touches weights. A model family that is not listed in
 * `families/`, or an option that its code does not compute, is refused by name instead of being computed wrongly.
 */
import { RecodiError, show } from '../tensor/errors.ts';
import { llama } from './families/llama.ts';

/** Llama 3's frequency scaling (`rope_type: llama3`), or one factor for all frequencies (`linear`). */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

export interface ModelSpec {
  readonly family: 'llama';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key/value heads; `heads` is a multiple of it (grouped-query attention). */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
  readonly normEps: number;
  /** The output head is the embedding matrix. */
  readonly tieEmbeddings: boolean;
  readonly maxPositions: number;
}

/** Above every model that there is; a size beyond is a damaged file's, and would be believed by what allocates. */
const MOST = { tokens: 2 ** 24, width: 2 ** 20, heads: 2 ** 12, layers: 2 ** 10, positions: 2 ** 31 } as const;

export type NamedShape = readonly [name: string, shape: readonly number[]];

/** Every parameter of the model, in checkpoint order, under Hugging Face's names; `[out, in]` for linears. */
export function parameterShapes(spec: ModelSpec): readonly NamedShape[] {
  return llama.parameterShapes(spec);
}

/**
 * Reads a Hugging Face config. `where` names its file in messages.
 * @throws RecodiError('input') for another family, a missing or impossible size, or an option that is not computed here.
 */
export function specFromConfig(json: unknown, where: string): ModelSpec {
  const config = new ConfigReader(json, where);
  const family = config.text('model_type');
  if (family !== 'llama') {
    throw config.refusal(`model_type is ${show(family)}; this program computes "llama" models`);
  }
  for (const key of ['attention_bias', 'mlp_bias', 'rope_interleaved']) {
    if (config.flag(key, false)) throw config.refusal(`${key} is true, which this program does not compute`);
  }
  const activation = config.text('hidden_act', 'silu');
  if (activation !== 'silu') throw config.refusal(`hidden_act is ${show(activation)}; llama models here use "silu"`);

  const hiddenSize = config.size('hidden_size', MOST.width);
  const heads = config.size('num_attention_heads', MOST.heads);
  const kvHeads = config.size('num_key_value_heads', MOST.heads, heads);
  const headDim = config.size('head_dim', MOST.width, hiddenSize / heads);
  if (heads % kvHeads !== 0)
    throw config.refusal(`${heads} attention heads do not divide into ${kvHeads} key/value heads`);
  if (headDim % 2 !== 0) throw config.refusal(`head_dim ${headDim} is odd; rotary positions need pairs`);
  const rope = config.rope();
  return {
    family,
    vocabSize: config.size('vocab_size', MOST.tokens),
    hiddenSize,
    intermediateSize: config.size('intermediate_size', MOST.width),
    layers: config.size('num_hidden_layers', MOST.layers),
    heads,
    kvHeads,
    headDim,
    ropeTheta: rope.theta,
    ...(rope.scaling ? { ropeScaling: rope.scaling } : {}),
    normEps: config.number('rms_norm_eps', 1e-6),
    tieEmbeddings: config.flag('tie_word_embeddings', false),
    maxPositions: config.size('max_position_embeddings', MOST.positions, 2048),
  };
}

/** The `config.json` that Hugging Face's transformers reads as the same model (float32). */
export function configFromSpec(spec: ModelSpec): Record<string, unknown> {
  const scaling = spec.ropeScaling;
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: spec.vocabSize,
    hidden_size: spec.hiddenSize,
    intermediate_size: spec.intermediateSize,
    num_hidden_layers: spec.layers,
    num_attention_heads: spec.heads,
    num_key_value_heads: spec.kvHeads,
    head_dim: spec.headDim,
    hidden_act: 'silu',
    rms_norm_eps: spec.normEps,
    rope_theta: spec.ropeTheta,
    rope_scaling: scaling ? scalingToConfig(scaling) : null,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: spec.tieEmbeddings,
    max_position_embeddings: spec.maxPositions,
    torch_dtype: 'float32',
  };
}

function scalingToConfig(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === 'linear') return { rope_type: 'linear', factor: scaling.factor };
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

/** Typed access to a parsed config; every complaint names the file and the key. */
class ConfigReader {
  private readonly values: Record<string, unknown>;
  private readonly where: string;

  constructor(json: unknown, where: string) {
    this.where = where;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw this.refusal('expected a JSON object');
    }
    this.values = json as Record<string, unknown>;
  }

  refusal(what: string): RecodiError {
    return new RecodiError('input', `${this.where}: ${what}. Give the folder of a supported Hugging Face model.`);
  }

  text(key: string, fallback?: string): string {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'string') throw this.refusal(`expected text at "${key}", found ${show(value)}`);
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.refusal(`expected true or false at "${key}", found ${show(value)}`);
    return value;
  }

  number(key: string, fallback?: number): number {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.refusal(`expected a positive number at "${key}", found ${show(value)}`);
    }
    return value;
  }

  atLeast(least: number, key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (value < least) throw this.refusal(`expected a number of at least ${least} at "${key}", found ${value}`);
    return value;
  }

  size(key: string, most: number, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isSafeInteger(value)) throw this.refusal(`expected a whole number at "${key}", found ${value}`);
    if (value > most) throw this.refusal(`expected at most ${most} at "${key}", found ${value}`);
    return value;
  }

  /** `rope_theta` and `rope_scaling`, or `rope_parameters`, which holds both in newer configs. */
  rope(): { theta: number; scaling?: RopeScaling } {
    const nested = this.values.rope_parameters ?? this.values.rope_scaling;
    if (nested === undefined || nested === null) return { theta: this.atLeast(1, 'rope_theta', 10000) };
    const rope = new ConfigReader(nested, `${this.where} (rope)`);
    const own = rope.values.rope_theta !== undefined;
    const theta = own ? rope.atLeast(1, 'rope_theta') : this.atLeast(1, 'rope_theta', 10000);
    const type = rope.text('rope_type', rope.text('type', 'default'));
    switch (type) {
      case 'default':
        return { theta };
      case 'linear':
        return { theta, scaling: { type, factor: rope.atLeast(1, 'factor') } };
      case 'llama3': {
        const [low, high] = [rope.number('low_freq_factor'), rope.number('high_freq_factor')];
        if (low >= high)
          throw rope.refusal(`expected low_freq_factor below high_freq_factor, found ${low} and ${high}`);
        return {
          theta,
          scaling: {
            type,
            factor: rope.atLeast(1, 'factor'),
            lowFreqFactor: low,
            highFreqFactor: high,
            originalMaxPositions: rope.size('original_max_position_embeddings', MOST.positions),
          },
        };
      }
      default:
        throw this.refusal(`rope type ${show(type)} is not computed here (default, linear and llama3 are)`);
    }
  }
}

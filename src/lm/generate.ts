/** Greedy text from a model's folder, with a key/value cache: what `recodi lm generate` prints. */
import { RecodiError } from '../tensor/errors.ts';
import { f32, i32, type tf } from '../tensor/index.ts';
import { loadModel } from './checkpoint.ts';
import { createDecoder } from './decode.ts';
import { embed, positionsOf } from './transformer.ts';
import { frozenWeights } from './weights.ts';

export interface GeneratedText {
  /** Without the prompt and without special tokens. */
  readonly text: string;
  readonly promptIds: readonly number[];
  /** The stop token included, if one was written. */
  readonly ids: readonly number[];
}

/** Prompts are padded to a multiple of this, so that prompts of similar length share a graph. */
const PROMPT_STEP = 16;

/**
 * Continues `prompt`, or answers it as a user's message where `chat` is set.
 * @throws RecodiError('usage') for a prompt that is empty or leaves no room, RecodiError('input') for an unusable folder.
 */
export async function generateText(
  folder: string,
  prompt: string,
  options: { chat?: boolean; maxNewTokens?: number; int8?: boolean; signal?: AbortSignal } = {},
): Promise<GeneratedText> {
  const { spec, weightsFile, tokenizer, stopIds } = await loadModel(folder);
  const maxNewTokens = options.maxNewTokens ?? 64;
  const promptIds = options.chat
    ? tokenizer.applyChatTemplate([{ role: 'user', content: prompt }])
    : tokenizer.encode(prompt);
  if (promptIds.length === 0) throw new RecodiError('usage', 'The prompt has no tokens. Give some text to continue.');
  if (promptIds.length + maxNewTokens > spec.maxPositions) {
    throw new RecodiError(
      'usage',
      `The prompt's ${promptIds.length} tokens and ${maxNewTokens} new ones are more than the model's ${spec.maxPositions} positions.`,
    );
  }
  const decoder = createDecoder<{ ids: tf.Tensor2D; mask: tf.Tensor2D }>({
    name: 'lm.generate',
    spec,
    weights: () => frozenWeights(weightsFile),
    prompt: (weights, { ids, mask }) => ({ embeddings: embed(weights, ids), mask, positions: positionsOf(mask) }),
    stop: stopIds,
    unroll: 1,
    prepack: true,
    int8: options.int8 ?? false,
    padId: tokenizer.padId,
  });
  const width = Math.ceil(promptIds.length / PROMPT_STEP) * PROMPT_STEP;
  const ids = new Int32Array(width).fill(tokenizer.padId);
  ids.set(promptIds, width - promptIds.length);
  const mask = new Float32Array(width).fill(1, width - promptIds.length);
  const { tokens, lengths } = await decoder.generate({
    inputs: { ids: i32(ids, [1, width]), mask: f32(mask, [1, width]) },
    maxNewTokens,
    ...(options.signal && { signal: options.signal }),
  });
  await decoder.release();
  const written = [...tokens.subarray(0, lengths[0])];
  return { text: tokenizer.decode(written, { skipSpecial: true }), promptIds, ids: written };
}

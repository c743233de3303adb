/**
 * How well a model predicts a text: what `recodi lm ppl` prints. The text is read in chunks that see all tokens before
 * them in their window, so that memory does not grow with the text.
 */
import { RecodiError } from '../tensor/errors.ts';
import { compile, f32, i32, tf } from '../tensor/index.ts';
import { loadModel } from './checkpoint.ts';
import { KeyStore } from './keyStore.ts';
import { atTargets } from './ops.ts';
import { embed, forward, logits, type Segment } from './transformer.ts';
import { frozenWeights } from './weights.ts';

export interface Perplexity {
  /** exp(meanNll). */
  readonly perplexity: number;
  /** Mean negative log-likelihood, in nats, of each token given those before it in its window. */
  readonly meanNll: number;
  readonly tokens: number;
  /** Tokens that have one before them. */
  readonly scored: number;
}

const CHUNK = 128;
/** Parts of the sum over the vocabulary. */
const PARTS = 32;
/** Longer texts (and the model's limit, where that is smaller) are read in windows that begin afresh. */
const WINDOW = 4096;

interface Chunk {
  readonly ids: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly positions: tf.Tensor2D;
  readonly targets: tf.Tensor1D;
  readonly past: Segment;
}

/**
 * exp of the mean negative log-likelihood of tokens 2…n, each given all before it; no token is added in front.
 * @throws RecodiError('usage') for a text of fewer than two tokens.
 */
export async function perplexity(
  folder: string,
  text: string,
  options: { int8?: boolean; signal?: AbortSignal } = {},
): Promise<Perplexity> {
  const { spec, weightsFile, tokenizer } = await loadModel(folder);
  const ids = tokenizer.encode(text);
  if (ids.length < 2) throw new RecodiError('usage', 'Perplexity needs a text of at least two tokens.');

  const chunk = ({ ids, mask, positions, targets, past }: Chunk) => {
    const weights = frozenWeights(weightsFile);
    const { hidden, segment } = forward(spec, weights, {
      embeddings: embed(weights, ids),
      mask,
      positions,
      past: [past],
    });
    const scores = logits(spec, weights, tf.reshape(hidden, [CHUNK, spec.hiddenSize]));
    return { logProbs: tf.sub(atTargets(scores, targets), logTotal(scores)), segment };
  };
  const score = compile('lm.perplexity', chunk, { int8: options.int8 ?? false });

  const window = Math.min(WINDOW, spec.maxPositions);
  const capacity = Math.ceil(Math.min(ids.length, window) / CHUNK) * CHUNK;
  let total = 0;
  let scored = 0;
  for (let begin = 0; begin < ids.length; begin += window) {
    const end = Math.min(begin + window, ids.length);
    const store = new KeyStore(spec, 1, capacity);
    for (let from = begin; from < end; from += CHUNK) {
      options.signal?.throwIfAborted();
      const length = Math.min(CHUNK, end - from);
      const predicted = Math.min(length, end - 1 - from);
      const { logProbs, segment } = await score({
        ids: i32(padded(ids.slice(from, from + length)), [1, CHUNK]),
        mask: f32(new Float32Array(CHUNK).fill(1, 0, length), [1, CHUNK]),
        positions: i32(padded(Array.from({ length }, (_, i) => from - begin + i)), [1, CHUNK]),
        targets: i32(padded(ids.slice(from + 1, from + 1 + predicted)), [CHUNK]),
        past: store.segment,
      });
      store.append(segment);
      for (let i = 0; i < predicted; i++) total -= logProbs.data[i]!;
      scored += predicted;
    }
  }
  await score.release();
  return { perplexity: Math.exp(total / scored), meanNll: total / scored, tokens: ids.length, scored };
}

/**
 * log Σ exp over the last axis, [n,V] -> [n]. The sum is made in parts, since in float32 one running sum would drop the many
 * small terms of a large vocabulary: about 2e-5 of the total for 49,152 tokens.
 */
function logTotal(scores: tf.Tensor2D): tf.Tensor1D {
  const vocab = scores.shape[1];
  const parts = Math.min(PARTS, vocab);
  const sizes = Array.from(
    { length: parts },
    (_, i) => Math.floor(((i + 1) * vocab) / parts) - Math.floor((i * vocab) / parts),
  );
  const totals = tf.split(scores, sizes, 1).map(part => tf.logSumExp(part, -1));
  return tf.logSumExp(tf.stack(totals, 1), -1);
}

function padded(values: readonly number[]): Int32Array {
  const out = new Int32Array(CHUNK);
  out.set(values);
  return out;
}

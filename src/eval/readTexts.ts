/**
 * Readouts of texts in the run's context. Read without the question, a text leaves one state whatever is asked, and the same texts are
 * proposed for problem after problem: then each is read once, and remembered.
 */
import type { LrmClient } from '../lrm/client.ts';
import type { Bench } from './bench.ts';

type Reader = Pick<Bench, 'client' | 'config'>;

/** By text, the oldest first. */
const remembered = new WeakMap<LrmClient, Map<string, Float32Array>>();
/** What is remembered at most. */
const MOST_BYTES = 64 * 2 ** 20;

/** [questions·texts, d]; every question has the same number of texts. */
export async function readTexts(
  bench: Reader,
  questions: readonly (readonly number[])[],
  texts: readonly (readonly string[])[],
): Promise<Float32Array> {
  const { client, config } = bench;
  const { context } = config.targets;
  const { encode } = client.lrm.tokenizer;
  if (context !== 'none')
    return client.read({ context, questions, texts: texts.map(group => group.map(text => encode(text))) });
  const asked = texts.flat();
  const known = remembered.get(client);
  const states = new Map(asked.map(text => [text, known?.get(text)]));
  const fresh = [...states.keys()].filter(text => !states.get(text));
  const d = client.lrm.spec.model.hiddenSize;
  if (fresh.length > 0) {
    const read = await client.read({
      context,
      questions: fresh.map(() => []),
      texts: fresh.map(text => [encode(text)]),
    });
    for (const [i, text] of fresh.entries()) states.set(text, read.subarray(i * d, (i + 1) * d));
    remember(bench, fresh, read);
  }
  const out = new Float32Array(asked.length * d);
  for (const [i, text] of asked.entries()) out.set(states.get(text)!, i * d);
  return out;
}

/** Readouts [texts,d] that are known already need not be read again. */
export function remember({ client, config }: Reader, texts: readonly string[], states: Float32Array): void {
  if (config.targets.context !== 'none') return;
  const known = remembered.get(client) ?? new Map<string, Float32Array>();
  remembered.set(client, known);
  const d = client.lrm.spec.model.hiddenSize;
  texts.forEach((text, i) => {
    known.set(text, states.subarray(i * d, (i + 1) * d));
  });
  for (const oldest of known.keys()) {
    if (known.size * d * Float32Array.BYTES_PER_ELEMENT <= MOST_BYTES) return;
    known.delete(oldest);
  }
}

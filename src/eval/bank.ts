/**
 * The bank: free texts with the states that they leave in the frozen model, each read with a problem of its own. Retrieval
 * looks up the texts whose states are nearest to a target in the view's frame.
 */

import { inChunks } from '../lrm/client.ts';
import { drawFreeTexts, readFreeTexts } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { gather } from '../tensor/rows.ts';
import { createShared, type SharedFloats } from '../tensor/shared.ts';
import { keepStates, keptStates } from './bankFile.ts';
import type { Bench } from './bench.ts';
import { nearestTask } from './nearest.ts';
import { remember } from './readTexts.ts';

export interface Bank {
  readonly texts: readonly string[];
  /** [texts,d] */
  readonly states: SharedFloats;
}

/** The run's bank. Its texts are drawn again; its states come from the run folder, where `keep` has them kept once they were read. */
export async function buildBank(bench: Bench, { keep = true } = {}): Promise<Bank> {
  const { config, client, world, sets, progress, paths } = bench;
  const problems = sets.get('train')!.problems;
  const request = {
    count: config.eval.bank,
    maxWords: config.policy.max_new_tokens - 1,
    seed: config.seed,
    purpose: 'eval.bank',
  };
  const texts = drawFreeTexts(world, problems, request).map(pick => pick.text);
  const kept = keptStates(paths.bank, texts, client.lrm.spec.model.hiddenSize);
  if (kept) return bankOf(bench, texts, kept);
  progress.stage('reading the bank of texts', config.eval.bank);
  const { context } = config.targets;
  const onProgress = (done: number) => progress.update(done);
  const { states } = await readFreeTexts(client, world, problems, { ...request, context, onProgress });
  if (keep) keepStates(paths.bank, texts, states);
  return bankOf(bench, texts, states);
}

function bankOf(bench: Bench, texts: readonly string[], states: Float32Array): Bank {
  remember(bench, texts, states);
  return { texts, states: createShared('bank', states) };
}

/** As many times `count` rows are looked at first: equal texts stand in the bank more than once. */
const LOOKED = 8;
const ROWS = 64;

/** For each target vector [n,d] the `count` texts of the bank that are nearest by whitened cosine, nearest first, no text twice. */
export async function nearestTexts(
  { pool, signal }: Pick<Bench, 'pool' | 'signal'>,
  { texts, states }: Bank,
  { frame, vectors }: Pick<View, 'frame'> & { readonly vectors: Float32Array },
  count: number,
): Promise<string[][]> {
  const d = frame.centre.length;
  const n = vectors.length / d;
  for (let looked = Math.min(LOOKED * count, texts.length); ; looked = Math.min(LOOKED * looked, texts.length)) {
    const parts = await inChunks([...Array(n).keys()], ROWS, async rows => {
      const request = { states, frame, vectors: gather(vectors, rows, d), count: looked };
      const found = await pool.run(nearestTask, request, { signal });
      return rows.map((_, i) => [...found.subarray(i * looked, (i + 1) * looked)].map(row => texts[row]!));
    });
    const found = parts
      .flat()
      .slice(0, n)
      .map(list => [...new Set(list)].slice(0, count));
    if (looked === texts.length || found.every(list => list.length === count)) return found;
  }
}

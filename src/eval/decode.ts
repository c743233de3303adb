/**
 * Decoding: from target vectors to texts. Every way to find a text goes through here, and is used alike by the table, by labels
 * and by `invert`. Proposals come from the policy or from the bank; the reward only ranks them. There is no search up the
 * reward: free edits find texts that score above the gold text and say something else.
 */

import { inChunks } from '../lrm/client.ts';
import { standardise } from '../lrm/views.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import { stream, uniforms } from '../run/random.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { type Bank, nearestTexts } from './bank.ts';
import { type Bench, type ReadingTask, readTexts, similarityTo } from './bench.ts';

export type Decode = 'greedy' | 'best_of_n' | 'retrieve';

/** A text with its similarity to the target, where it was ranked by it. */
export interface Candidate {
  readonly text: string;
  readonly similarity: number;
}

/** Texts per task of sampling. */
const SAMPLE_ROWS = 64;

export interface Samples {
  readonly params: SharedFloats;
  /** Texts per target; 1 without draws is greedy. */
  readonly count: number;
  /** Absent = greedy. */
  readonly seed?: { readonly seed: number; readonly purpose: string };
  /** Hide the vectors: what the policy writes when it is shown nothing. */
  readonly unconditional?: boolean;
}

/** `count` texts for each target vector, in order. */
export async function writeTexts(
  bench: Bench,
  { questions, vectors }: Omit<ReadingTask, 'view'>,
  samples: Samples,
): Promise<string[][]> {
  const { policy, config, pool, text, signal } = bench;
  const d = policy.targetSize;
  const width = config.policy.max_new_tokens;
  const z = samples.unconditional ? new Float32Array(vectors.length) : standardise(text, vectors);
  const n = vectors.length / d;
  const draws = samples.seed && uniforms(stream(samples.seed.seed, samples.seed.purpose), n * samples.count * width);
  const per = Math.max(1, Math.floor(SAMPLE_ROWS / samples.count));
  const parts = await inChunks([...Array(n).keys()], per, rows => {
    const own = new Float32Array(rows.length * d);
    const noise = new Float32Array(rows.length * samples.count * width);
    rows.forEach((row, i) => {
      own.set(z.subarray(row * d, (row + 1) * d), i * d);
      const block = samples.count * width;
      if (draws) noise.set(draws.subarray(row * block, (row + 1) * block), i * block);
    });
    const request = {
      policy,
      tokenizer: config.lrm,
      params: samples.params,
      targets: rows,
      z: own,
      questions: rows.map(row => questions[row]!),
      samples: samples.count,
      ...(draws && { uniforms: noise }),
      temperature: config.ppo.temperature,
      maxNewTokens: width,
    };
    return pool.run(rolloutTask, request, { signal });
  });
  const texts = parts.flatMap(part => part.texts).slice(0, n * samples.count);
  return Array.from({ length: n }, (_, i) => texts.slice(i * samples.count, (i + 1) * samples.count));
}

/** Ranks candidates (equally many per question, else filled up with the first) by similarity, best first, no text twice. */
export async function rank(
  bench: Bench,
  { view, questions, vectors }: ReadingTask,
  candidates: readonly (readonly string[])[],
): Promise<Candidate[][]> {
  const most = Math.max(...candidates.map(c => c.length));
  const filled = candidates.map(c => [...c, ...Array<string>(most - c.length).fill(c[0] ?? '')]);
  const readouts = await readTexts(bench, questions, filled);
  const d = bench.policy.targetSize;
  const repeated = new Float32Array(readouts.length);
  for (let q = 0; q < questions.length; q++) {
    for (let i = 0; i < most; i++) repeated.set(vectors.subarray(q * d, (q + 1) * d), (q * most + i) * d);
  }
  const scores = similarityTo(bench.config, view, readouts, repeated);
  return filled.map((texts, q) => {
    const best = new Map<string, number>();
    texts.forEach((text, i) => {
      best.set(text, scores[q * most + i]!);
    });
    return [...best].map(([text, similarity]) => ({ text, similarity })).sort((a, b) => b.similarity - a.similarity);
  });
}

/** The texts that a way of decoding finds for targets, best first. `bank` is needed by `retrieve` only. */
export async function decode(
  bench: Bench,
  how: Decode,
  reading: ReadingTask,
  bank: Bank | undefined,
): Promise<Candidate[][]> {
  const { config, trained } = bench;
  if (how === 'greedy') return rank(bench, reading, await writeTexts(bench, reading, { params: trained, count: 1 }));
  const seed = { seed: config.seed, purpose: `decode ${reading.view.id}` };
  const sampled = await writeTexts(bench, reading, { params: trained, count: config.eval.best_of, seed });
  if (how === 'best_of_n' || !bank) return rank(bench, reading, sampled);
  const near = nearestTexts(bank, reading.view, reading.vectors, config.eval.neighbours);
  return rank(
    bench,
    reading,
    sampled.map((texts, i) => [...texts, ...near[i]!]),
  );
}

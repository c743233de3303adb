/** What decoding is made of: texts proposed for target vectors, by the policy and by the bank, and their order by similarity. */

import { inChunks } from '../lrm/client.ts';
import { comparer } from '../lrm/similarity.ts';
import { standardise } from '../lrm/views.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import { stream, uniforms } from '../run/random.ts';
import { gather } from '../tensor/rows.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { type Bank, nearestTexts } from './bank.ts';
import type { Bench, ReadingTask } from './bench.ts';
import { readTexts } from './readTexts.ts';

/** A text with its similarity to the target, where it was ranked by it. */
export interface Candidate {
  readonly text: string;
  readonly similarity: number;
}

/** The best text for each target; where all were refused, there is nothing to say. */
export const bestTexts = (found: readonly (readonly Candidate[])[]): string[] => found.map(list => list[0]?.text ?? '');

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
    const request = {
      policy,
      tokenizer: config.lrm,
      params: samples.params,
      targets: rows,
      z: gather(z, rows, d),
      questions: rows.map(row => questions[row]!),
      samples: samples.count,
      ...(draws && { uniforms: gather(draws, rows, samples.count * width) }),
      temperature: config.ppo.temperature,
      maxNewTokens: width,
    };
    return pool.run(rolloutTask, request, { signal });
  });
  const texts = parts.flatMap(part => part.texts).slice(0, n * samples.count);
  return Array.from({ length: n }, (_, i) => texts.slice(i * samples.count, (i + 1) * samples.count));
}

/** Groups are filled up to a multiple of this. */
const GROUP_STEP = 8;

/** Ranks the candidates of each question by similarity, best first, no text twice. */
export async function rank(
  bench: Bench,
  { view, questions, vectors }: ReadingTask,
  candidates: readonly (readonly string[])[],
): Promise<Candidate[][]> {
  const distinct = candidates.map(list => [...new Set(list)]);
  const longest = distinct.reduce((n, list) => Math.max(n, list.length), 0);
  const most = Math.ceil(longest / GROUP_STEP) * GROUP_STEP;
  if (most === 0) return distinct.map(() => []);
  // Questions are read in groups of one size, of which there are few, for each is a graph: the filling is read and dropped.
  const filled = distinct.map(list => [...list, ...Array<string>(most - list.length).fill(list[0] ?? '')]);
  const readouts = await readTexts(bench, questions, filled);
  const { compare, ...prepare } = comparer(bench.config.reward.kind, view.frame, view.variance);
  const [texts, targets] = [prepare.readouts(readouts), prepare.targets(vectors)];
  return distinct.map((list, q) => {
    const scored = list.map((text, i) => ({ text, similarity: compare(texts, q * most + i, targets, q) }));
    return scored.sort((a, b) => b.similarity - a.similarity);
  });
}

/** Samples of the policy, and the nearest texts of the bank where there is one. */
export async function propose(bench: Bench, reading: ReadingTask, bank: Bank | undefined): Promise<string[][]> {
  const { config } = bench;
  const sampled = await samplesFor(bench, reading);
  if (!bank) return sampled;
  const near = await nearestTexts(bench, bank, { ...reading, frame: reading.view.frame }, config.eval.neighbours);
  return sampled.map((texts, i) => [...texts, ...near[i]!]);
}

/** Samples that were drawn already, by the target vectors that they are for: several ways of decoding begin with the same. */
const drawn = new WeakMap<Float32Array, Map<string, Promise<string[][]>>>();

function samplesFor(bench: Bench, reading: ReadingTask): Promise<string[][]> {
  const { config, trained: params } = bench;
  const seed = { seed: config.seed, purpose: `decode ${reading.view.id}` };
  const { best_of: count } = config.eval;
  const key = JSON.stringify([params.id, params.version, count, seed]);
  const known = drawn.get(reading.vectors) ?? new Map<string, Promise<string[][]>>();
  drawn.set(reading.vectors, known);
  const samples = known.get(key) ?? writeTexts(bench, reading, { params, count, seed });
  known.set(key, samples);
  return samples;
}

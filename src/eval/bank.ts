/**
 * The bank: free texts with the states that they leave in the frozen model, each read with a problem of its own. Retrieval
 * looks up the texts whose states are nearest to a target in the view's frame.
 */
import { existsSync } from 'node:fs';
import { whiten } from '../lrm/similarity.ts';
import { drawFreeTexts, readFreeTexts } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { sha256 } from '../run/config/pin.ts';
import { openSafetensors, writeSafetensors } from '../tensor/safetensors.ts';
import type { Bench } from './bench.ts';

export interface Bank {
  readonly texts: readonly string[];
  /** [texts,d] */
  readonly states: Float32Array;
}

/**
 * The run's bank. Its texts are drawn again and known by their hash; its states come from the run folder, if they were kept there.
 * `keep`: they are from now on.
 */
export async function buildBank(bench: Bench, { keep = false } = {}): Promise<Bank> {
  const { config, client, world, sets, progress, paths } = bench;
  const problems = sets.get('train')!.problems;
  const request = {
    count: config.eval.bank,
    maxWords: config.policy.max_new_tokens - 1,
    seed: config.seed,
    purpose: 'eval.bank',
  };
  const texts = drawFreeTexts(world, problems, request).map(pick => pick.text);
  const shape = [texts.length, client.lrm.spec.model.hiddenSize];
  if (existsSync(paths.bank)) {
    const { metadata, tensors, read } = openSafetensors(paths.bank);
    const fits = metadata.texts === hashOf(texts) && tensors.get('states')?.shape.join() === shape.join();
    if (fits) return { texts, states: read('states') };
  }
  progress.stage('reading the bank of texts', config.eval.bank);
  const { context } = config.targets;
  const onProgress = (done: number) => progress.update(done);
  const { states } = await readFreeTexts(client, world, problems, { ...request, context, onProgress });
  if (keep) writeSafetensors(paths.bank, { states: { dtype: 'F32', shape, data: states } }, { texts: hashOf(texts) });
  return { texts, states };
}

const hashOf = (texts: readonly string[]) => sha256(texts.join('\n'));

/** For each target vector [n,d] the `count` texts of the bank that are nearest by whitened cosine, nearest first, no text twice. */
export function nearestTexts(bank: Bank, view: View, vectors: Float32Array, count: number): string[][] {
  const d = view.frame.centre.length;
  const states = directions(bank, view);
  const targets = unitRows(whiten(view.frame, vectors), d);
  const scores = new Float32Array(bank.texts.length);
  return Array.from({ length: vectors.length / d }, (_, t) => {
    for (let b = 0; b < scores.length; b++) {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += states[b * d + k]! * targets[t * d + k]!;
      scores[b] = dot;
    }
    return firstDistinct(bank.texts, scores, count);
  });
}

const seen = new WeakMap<Bank, Map<View, Float32Array>>();

/** The bank's states in a view's frame, each of length 1; made once. */
function directions(bank: Bank, view: View): Float32Array {
  const ofBank = seen.get(bank) ?? new Map<View, Float32Array>();
  seen.set(bank, ofBank);
  const made = ofBank.get(view) ?? unitRows(whiten(view.frame, bank.states), view.frame.centre.length);
  ofBank.set(view, made);
  return made;
}

/** The `count` best-scored distinct texts; equal texts stand in the bank more than once, so a few times as many are looked at. */
function firstDistinct(texts: readonly string[], scores: Float32Array, count: number): string[] {
  for (let looked = Math.min(8 * count, scores.length); ; looked = Math.min(8 * looked, scores.length)) {
    const floor = scores.slice().sort()[scores.length - looked]!;
    const best = [...scores.keys()].filter(b => scores[b]! >= floor).sort((x, y) => scores[y]! - scores[x]!);
    const found = [...new Set(best.map(b => texts[b]!))].slice(0, count);
    if (found.length === count || looked === scores.length) return found;
  }
}

function unitRows(rows: Float32Array, d: number): Float32Array {
  for (let start = 0; start < rows.length; start += d) {
    let sum = 0;
    for (let k = start; k < start + d; k++) sum += rows[k]! ** 2;
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let k = start; k < start + d; k++) rows[k]! *= scale;
  }
  return rows;
}

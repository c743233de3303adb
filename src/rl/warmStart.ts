/**
 * Warm start: the policy learns to write a text from the state that the text itself leaves in the frozen model. The data are
 * free (texts of the world, read once), and no latent is seen: what PPO adds later is the step from text states to
 * latents. A share of the rows has its vector hidden, which makes the same model an unconditional writer.
 */

import type { PolicySpec } from '../../policies/languageModel.ts';
import type { PromptRows } from '../../policies/promptRows.ts';
import type { Learner } from '../lm/learner.ts';
import { unlessAborted } from '../run/interrupt.ts';
import { normal, stream } from '../run/random.ts';
import type { TrainConfig } from './config.ts';
import { microBatchesOf } from './microBatches.ts';
import { warmStartTask } from './warmStartTask.ts';

export type WarmStartSettings = TrainConfig['warm_start'];

/** Texts as token ids (without end token), their standardised readouts [n,targetSize], and the questions they were read with. */
export interface WarmStartData extends PromptRows {
  readonly texts: readonly (readonly number[])[];
}

export interface WarmStart {
  readonly learner: Learner;
  readonly policy: PolicySpec;
  readonly settings: WarmStartSettings;
  readonly data: WarmStartData;
  /** Longest text, end token included. */
  readonly width: number;
  readonly seed: number;
  /** Steps done before. */
  readonly from: number;
  readonly signal: AbortSignal;
  /** Called after every step with the steps done; the metrics say whether it was skipped. */
  onStep(step: number, metrics: Readonly<Record<string, number>>): void;
}

/** Runs to the end, or to the signal; returns the steps done. */
export async function runWarmStart(run: WarmStart): Promise<number> {
  const { learner, settings } = run;
  let step = run.from;
  for (; step < settings.steps && !run.signal.aborted; step++) {
    const started = performance.now();
    const lr = warmStartRate(settings, step);
    const micro = { task: warmStartTask, inputs: batch(run, step) };
    const taken = await unlessAborted(run.signal, () => learner.step(micro, { lr, signal: run.signal }));
    if (!taken) break;
    const { gradNorm, skipped, metrics } = taken;
    run.onStep(step + 1, {
      'warm_start/loss': metrics.reduce((sum, m) => sum + m['warm_start/loss']!, 0),
      grad_norm: gradNorm,
      lr,
      skipped_updates: skipped ? 1 : 0,
      'time/update': (performance.now() - started) / 1000,
    });
  }
  return step;
}

/** Linear warm-up, then a cosine. */
export function warmStartRate({ lr, warmup, steps, min_lr_ratio: floor }: WarmStartSettings, step: number): number {
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return lr * Math.min(1, (step + 1) / Math.max(1, warmup)) * (cosine * (1 - floor) + floor);
}

function batch({ policy, settings, data, width, seed }: WarmStart, step: number) {
  const rng = stream(seed, 'warm_start.batch', step);
  const chosen = Array.from({ length: settings.batch_size }, () => Math.floor(rng() * data.texts.length));
  const d = policy.targetSize;
  const lengths = chosen.map(row => Math.min(width, data.texts[row]!.length + 1));
  const tokens = lengths.reduce((a, b) => a + b, 0);
  return microBatchesOf(lengths, settings.micro_batch_size).map(part => {
    const rows = part.map(i => chosen[i]!);
    const n = rows.length;
    const ids = new Int32Array(n * width).fill(policy.padId);
    const z = new Float32Array(n * d);
    rows.forEach((row, b) => {
      ids.set([...data.texts[row]!, policy.eosId].slice(0, width), b * width);
      if (rng() < settings.unconditional) return;
      const level = settings.noise * rng();
      for (let j = 0; j < d; j++) z[b * d + j] = data.z[row * d + j]! + level * normal(rng);
    });
    const questions = policy.seesQuestion && data.questions && rows.map(row => data.questions![row]!);
    const shown: PromptRows = questions ? { z, questions } : { z };
    return { policy, ...shown, ids, lengths: part.map(i => lengths[i]!), width, tokens };
  });
}

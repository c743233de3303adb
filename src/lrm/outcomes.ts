/**
 * What becomes of the answer when one latent step is done away with, as a whole: what the next step takes in and what the readout sees
 * of it are altered together. Unlike the causal scores (interventions.ts), which say how often the answer changes, this says to
 * what. Also: what the model would answer if it stopped thinking earlier.
 *
 * - `zero`: the next step takes in zeros, the readout does not see the step.
 * - `skip`: the next step takes in what the step itself did, the readout does not see the step.
 * - `noise`: own state plus the difference of two other problems' over √2, in both places.
 * - `swap`: another problem's, in both places.
 */
import { f32 } from '../tensor/index.ts';
import { task } from '../tensor/task.ts';
import { padTokens } from './batches.ts';
import { lrmRuntime } from './runtime.ts';

export const ALTERATIONS = ['zero', 'skip', 'noise', 'swap'] as const;
export type Alteration = (typeof ALTERATIONS)[number];

/** First tokens of answers, ids. */
export interface Outcomes {
  /** After k = 0…N latent steps: [P,N+1]. */
  readonly early: Int32Array;
  /** With state k altered: [P,N+1] each. */
  readonly altered: Readonly<Record<Alteration, Int32Array>>;
}

export interface OutcomesInput {
  readonly folder: string;
  readonly questions: readonly (readonly number[])[];
  /** How far down the batch the two donors of a problem are. */
  readonly shifts: readonly [number, number];
}

/** Problems of one graph: all their variants are computed at once. */
const SUBJECTS = 16;

export async function outcomesChunk({ folder, questions, shifts }: OutcomesInput): Promise<Outcomes> {
  const runtime = await lrmRuntime(folder);
  const { latents, padId } = runtime.lrm.spec;
  const states = latents + 1;
  const rows = questions.length;
  const early = new Int32Array(rows * states);
  for (let k = 0; k <= latents; k++) {
    const { answer } = await runtime.think(k, 1)({ question: padTokens(questions, padId, 'left') });
    for (let b = 0; b < rows; b++) early[b * states + k] = answer.data[b]!;
  }
  const altered = { zero: nothing(), skip: nothing(), noise: nothing(), swap: nothing() };
  function nothing() {
    return new Int32Array(rows * states);
  }
  const subjects = Math.min(SUBJECTS, rows);
  const given = alterations({ rows, subjects, shifts, latents });
  for (let from = 0; from < rows; from += subjects) {
    const turned = [...questions.slice(from), ...questions.slice(0, from)];
    const { answer } = await runtime.intervene({ question: padTokens(turned, padId, 'left'), ...given });
    for (let b = 0; b < Math.min(subjects, rows - from); b++) {
      ALTERATIONS.forEach((kind, i) => {
        for (let k = 0; k < states; k++)
          altered[kind][(from + b) * states + k] = answer.data[(b * ALTERATIONS.length + i) * states + k]!;
      });
    }
  }
  return { early, altered };
}
export const outcomesTask = task<OutcomesInput, Outcomes>(import.meta.url, outcomesChunk);

/** Every alteration of every state of the first problems of a batch, as `runtime.intervene` takes them: by kind, then by state. */
function alterations(of: { rows: number; subjects: number; shifts: readonly [number, number]; latents: number }) {
  const { rows, subjects, shifts, latents } = of;
  const states = latents + 1;
  const variants = ALTERATIONS.length * states;
  const n = subjects * variants;
  const mixture = new Float32Array(n * rows);
  const [input, again] = [new Float32Array(n * latents), new Float32Array(n * latents)];
  const [readout, hidden] = [new Float32Array(n * states), new Float32Array(n * states)];
  for (let b = 0; b < subjects; b++) {
    const [one, other] = shifts.map(shift => (b + shift) % rows) as [number, number];
    ALTERATIONS.forEach((kind, i) => {
      for (let k = 0; k < states; k++) {
        const row = (b * ALTERATIONS.length + i) * states + k;
        const weights = mixture.subarray(row * rows, (row + 1) * rows);
        if (kind === 'swap') weights[one] = 1;
        if (kind === 'noise') {
          weights[b]! += 1;
          weights[one]! += Math.SQRT1_2;
          weights[other]! -= Math.SQRT1_2;
        }
        if (k < latents) input[row * latents + k] = 1;
        if (k < latents && kind === 'skip') again[row * latents + k] = 1;
        (kind === 'zero' || kind === 'skip' ? hidden : readout)[row * states + k] = 1;
      }
    });
  }
  return {
    mixture: f32(mixture, [subjects, variants, rows]),
    input: f32(input, [n, latents]),
    again: f32(again, [n, latents]),
    readout: f32(readout, [n, states]),
    hidden: f32(hidden, [n, states]),
  };
}

/**
 * How many steps a problem has: one number, or several drawn by weight.
 */
import { z } from 'zod';
import type { Stream } from '../run/random.ts';
import type { StepMix } from './problem.ts';

const MAX_STEPS = 8;

/** The config's form of a mix. */
export const stepMixSchema = z
  .array(z.tuple([z.int().min(1).max(MAX_STEPS), z.number().positive()]))
  .min(1)
  .describe('numbers of steps and how often each occurs, as [steps, weight] pairs; weights need not sum to 1');

/** A number of steps from the mix; takes one number from the stream, none where there is no choice. */
export function drawSteps(mix: StepMix, rng: Stream): number {
  if (typeof mix === 'number') return mix;
  let left = rng() * mix.reduce((total, [, weight]) => total + weight, 0);
  for (const [steps, weight] of mix) {
    left -= weight;
    if (left < 0) return steps;
  }
  return mix.at(-1)?.[0] ?? 0;
}

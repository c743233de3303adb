/**
 * Free text: what the warm start learns to write and the bank of texts is made of. Prefixes of chains, of the own
 * problem, of another one, and of no problem at all, so that a text alone never says which problem it was read with.
 */

import { RecodiError } from '../run/errors.ts';
import { integer, type Stream } from '../run/random.ts';
import type { Problem, World } from './problem.ts';

/** Shares of the own chain and of another problem's; the rest is random steps where the world has them. */
const SHARES = { withRandom: { own: 0.6, other: 0.2 }, withoutRandom: { own: 0.7, other: 0.3 } } as const;

function source(world: World, problem: Problem, otherProblem: Problem, rng: Stream): readonly string[] {
  const shares = world.randomSteps ? SHARES.withRandom : SHARES.withoutRandom;
  const place = rng();
  if (place < shares.own) return world.chain(problem, { last: true });
  if (!world.randomSteps || place < shares.own + shares.other) return world.chain(otherProblem, { last: true });
  return world.randomSteps(rng);
}

/** 1 … `maxWords` words, parted by single spaces: a prefix of a whole chain, or half of the time of its end from a random step on. */
export function freeText(world: World, problem: Problem, otherProblem: Problem, rng: Stream, maxWords: number): string {
  if (!(maxWords >= 1)) throw new RecodiError('internal', `free text needs maxWords >= 1, got ${maxWords}.`);
  const steps = source(world, problem, otherProblem, rng);
  const first = rng() < 0.5 ? integer(rng, steps.length) : 0;
  const words = steps.slice(first).join(' ').trim().split(/\s+/);
  return words.slice(0, 1 + integer(rng, Math.min(maxWords, words.length))).join(' ');
}

/**
 * What is known of one problem when questions about its thought are made: what the model answers, with its thought and with parts of it
 * done away with, what its states show, and what was read of them. Nothing here is a vector: cases name vectors by layer and step.
 */
import type { Alteration } from '../lrm/outcomes.ts';
import type { Problem } from '../worlds/problem.ts';

/** What a thought says at one place, from its label or, for the ceiling and to judge by, from the world. */
export interface Reading {
  /** Latent steps that say it. */
  readonly steps: readonly number[];
  /** The step that they speak of, the last one of what was read; null where they cannot be read. */
  readonly text: string | null;
  /** What the model does next: the step after it, or its answer. */
  readonly next: string | null;
}

export interface Facts {
  readonly problem: Problem;
  /** First token of the answer with all latent steps; that after k = 0 … N of them; and that with state k altered. */
  readonly answer: string;
  readonly early: readonly string[];
  readonly altered: Readonly<Record<Alteration, readonly string[]>>;
  /** Of each state: the lens's tokens, likeliest first, and the entropy of all in nats. */
  readonly lens: readonly (readonly string[])[];
  readonly entropy: readonly number[];
  /** From labels; none where there are no labels of the problem. */
  readonly readings: readonly Reading[];
  /** From the world, where it knows the steps: the same places, never an unreadable one. */
  readonly gold: readonly Reading[];
}

/** Vectors of all problems by layer, as Hugging Face counts hidden states: 1 after the first block, the last after the final norm. [P,N+1,d] each. */
export type Vectors = ReadonlyMap<number, Float32Array>;

/** The thought of a problem: its steps are the states at `<bot>` (0) and of the latent steps. */
export const stepsOf = ({ early }: Facts): number[] => early.map((_, k) => k);

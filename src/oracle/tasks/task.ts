/**
 * What a task is: questions about a thought whose answers are computed from what is known of it. A task is one small file's entry in
 * `index.ts`. It asks in several ways; those under `held` are for evaluation alone, and every word of them stands in some other
 * task's or way's question, so that an oracle with a vocabulary of words has met it.
 */
import type { Stream } from '../../run/random.ts';
import type { Facts } from '../facts.ts';

export interface Case {
  /** Whose vectors are shown; of the final norm unless a depth is named: the first, second and last quarter's end. */
  readonly steps: readonly number[];
  readonly depth?: 0.25 | 0.5 | 0.75;
  /** What stands in a question's `{places}`. */
  readonly places?: Readonly<Record<string, string>>;
  readonly answer: string;
}

export interface OracleTask {
  readonly name: string;
  /** What its answers come from. */
  readonly source: 'interventions' | 'vectors' | 'question' | 'labels' | 'gold';
  /** For people: what the answer is, and how it is computed. */
  readonly about: string;
  readonly asks: readonly string[];
  readonly held: readonly string[];
  /** Answers are steps, and one beside the right one is counted too. */
  readonly ordinal?: boolean;
  /** Answers are of few kinds, which a linear probe can tell apart: one for each place that is asked about, or one for all together. */
  readonly classes?: 'each' | 'together';
  /** `other` is of another problem, for what must not fit. */
  cases(facts: Facts, other: Facts, draw: Stream): readonly Case[];
}

/** The question of a case in one of the task's ways. */
export function asked(way: string, { places = {} }: Case): string {
  return way.replaceAll(/\{(\w+)\}/g, (_, name: string) => places[name] ?? '');
}

export const YES = 'yes';
export const NO = 'no';
export const NONE = 'none';
export const CANNOT_TELL = "I can't tell";

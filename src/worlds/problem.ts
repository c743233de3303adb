/**
 * What a world is: word problems with their chains of thought as data, and nothing about models.
 *
 * Everything downstream (training, targets, free text, metrics) speaks these types only, so a world of another kind
 * is one new file and one entry in `index.ts`. Invariants: a problem is a value that never changes; its split follows
 * from what it is, so no generator, seed or order can move it between splits; everything random comes from a stream.
 */
import type { Stream } from '../run/random.ts';

export type Split = 'train' | 'validation' | 'test';

/** One step of the chain of thought. What the world does not know about a step is absent. */
export interface Step {
  /** The step as the chain writes it: `<< 5 + 6 = 11 >>`. */
  readonly text: string;
  readonly operands?: readonly number[];
  /** What joins the operands, as it appears in `text`: `+`. */
  readonly operation?: string;
  /** What the step arrives at, as it appears in `text`: `11`. */
  readonly result?: string;
}

export interface Problem {
  /** Unique in its world, and the same wherever and whenever the problem is made. */
  readonly id: string;
  readonly question: string;
  /** At least one. */
  readonly steps: readonly Step[];
  readonly answer: string;
  readonly split: Split;
}

/** A question with one of its numbers replaced, as `5` by `7`, or `doubles` by `triples`. */
export interface Edit {
  readonly question: string;
  readonly from: number;
  readonly to: number;
  /** The other numbers that the question tells; `from` is none of them, so that it is known wherever it stands. */
  readonly others: readonly number[];
}

/** A number that a question tells. */
export interface Told {
  readonly number: number;
  /** What the question says to do with it, as chains write it: `+`. Absent for what a chain begins with. */
  readonly operation?: string;
}

/** A number of steps, or several with their weights: `[[2, 0.25], [3, 0.75]]`. */
export type StepMix = number | readonly (readonly [steps: number, weight: number])[];

export interface ProblemRequest {
  readonly split: Split;
  readonly count: number;
  readonly seed: number | string;
  /** Default: the world's own mix. */
  readonly steps?: StepMix;
}

export interface World {
  readonly name: string;
  /** What stands between the thoughts and the answer. */
  readonly answerPrefix: string;
  /** Every word of every text that the world writes, where words are what lies between spaces. */
  readonly vocabulary?: readonly string[];
  /** Present where chains are equations only, `<< a op b = c >>`: at most how many operators one has. */
  readonly equations?: { readonly maxOperators: number };
  /** Different problems, the same for the same split and seed; more of them begin with the fewer. Throws `config` where there are not so many. */
  problems(request: ProblemRequest): Problem[];
  /** The next problem of an endless stream; problems may return. */
  generator(split: Split, rng: Stream, steps?: StepMix): Problem;
  /** The texts of the explicit chain's steps; without the last one unless `last` says so (CODI, arXiv 2502.21074, drops it). */
  chain(problem: Problem, options?: { readonly last?: boolean }): string[];
  /** Steps that are right in themselves and belong to no problem. */
  randomSteps?(rng: Stream): string[];
  /** The grammar of chains, where there is one: every step that may follow the ones given, which are at least one, in any problem. */
  nextSteps?(steps: readonly string[]): string[];
  /** What a question tells, by what it says to do with it; absent where the world knows of questions no more than their text. */
  told?(question: string): Told[];
  /** Edits that leave a problem's question one of this world, and never one to train on if it was held out; none where it tells no number. */
  edits(problem: Problem): Edit[];
}

/** The usual `World.chain`: the texts of the steps. */
export function explicitChain(problem: Problem, options?: { readonly last?: boolean }): string[] {
  const texts = problem.steps.map(step => step.text);
  return options?.last ? texts : texts.slice(0, -1);
}

/** The explicit chain as one text, its steps parted by spaces. */
export function chainText(world: World, problem: Problem, options?: { readonly last?: boolean }): string {
  return world.chain(problem, options).join(' ');
}

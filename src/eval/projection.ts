/**
 * The strongest peer of a reading: the vocabulary projection of the latent states, chained forward, and its edit check, after
 * "Are Latent Reasoning Models Easily Interpretable?" (arXiv 2604.04902). The model's own head shows some numbers at each state. A
 * step's result is the likeliest of them at one state; its operands are numbers of the question, the result of the step before, or
 * shown by one of the two states before. Chains must end in the model's predicted answer. No gold enters.
 *
 * Where the paper leaves room we take what is best for it: every chain is tried rather than the best step of each state, an operand
 * may be shown one or two states before its result (the paper: one for Coconut, two for CODI), and chains that use the question's
 * numbers no oftener than it tells them go first. As there, a number is one token, so longer ones are not seen.
 */
import type { Edit } from '../worlds/problem.ts';
import { close, commutes, type Equation, equationsOf, equationsText, links, usage } from './equations.ts';
import { predict, predictedText } from './prediction.ts';

/** A number among the lens tokens of a state, and its place there, from 0. */
export interface ShownNumber {
  readonly value: number;
  readonly rank: number;
}

/** What is known of a thought through the head, without gold. */
export interface Projection {
  /** The model's answer. */
  readonly answer: number;
  /** Per state, likeliest first. */
  readonly shown: readonly (readonly ShownNumber[])[];
}

export interface ProjectedChain {
  /** Up to the answer. */
  readonly chain: readonly Equation[];
  /** At which state the result of each step was seen; a step that closes the chain has none. */
  readonly states: readonly number[];
  /** Mean rank of the results and of the operands that they take, those not shown at rank `top`. */
  readonly rank: number;
}

/** Chains and their beginnings that are tried at most: with many states there are more than can be. A 5-state model needs hundreds. */
const MOST_TRIED = 10_000;
/** States before a result's in which its operands may be shown. */
const REACH = 2;

/** Every chain, best first: fewest operands that the question does not tell (so often), most steps, lowest rank. */
export function forwardChains({ answer, shown }: Projection, told: readonly number[], top: number): ProjectedChain[] {
  const found: ProjectedChain[] = [];
  const operandsOf = shown.map((_, state) => operandRanks(shown.slice(Math.max(0, state - REACH), state), told, top));
  let tried = 0;
  const goOn = (chain: readonly Equation[], states: readonly number[], ranks: readonly number[]) => {
    if (++tried > MOST_TRIED) return;
    const closed = close(chain, told, answer);
    if (closed) found.push({ chain: closed, states, rank: ranks.reduce((a, b) => a + b, 0) / ranks.length });
    for (let state = (states.at(-1) ?? -1) + 1; state < shown.length; state++) {
      const result = shown[state]![0];
      if (!result) continue;
      const operands = operandsOf[state]!;
      const before = chain.at(-1)?.result;
      const starts = before === undefined ? [...operands] : [[before, undefined] as const];
      starts.forEach(([start, rank], i) => {
        // A first step is found from either of its operands, and a sum or product in both orders: once is enough.
        const earlier = starts.slice(0, i).map(([value]) => value);
        for (const { equation, operand } of links(start, result.value)) {
          const again = equation.operands[0] !== start || (commutes(equation) && earlier.includes(operand));
          if (!operands.has(operand) || (before === undefined && again)) continue;
          const taken = [result.rank, operands.get(operand)!, ...(rank === undefined ? [] : [rank])];
          goOn([...chain, equation], [...states, state], [...ranks, ...taken]);
        }
      });
    }
  };
  goOn([], [], []);
  const untold = new Map(found.map(one => [one, usage(one.chain, told).untold]));
  return found.sort((a, b) => untold.get(a)! - untold.get(b)! || b.chain.length - a.chain.length || a.rank - b.rank);
}

/** Numbers that a step may take, each with its best rank. */
function operandRanks(
  states: readonly (readonly ShownNumber[])[],
  told: readonly number[],
  top: number,
): Map<number, number> {
  const ranks = new Map(told.map(value => [value, top]));
  for (const { value, rank } of states.flat()) ranks.set(value, Math.min(rank, ranks.get(value) ?? top));
  return ranks;
}

/** An edit of the question, and the thought about the edited question. */
export interface EditedProjection {
  readonly edit: Pick<Edit, 'from' | 'to' | 'others'>;
  readonly projection: Projection;
}

/** Share of a step's checks that must pass; in the paper two of three. */
const PASSING = 2 / 3;

/**
 * For each step of a chain whether its result follows: in most edits that change it, the state that showed the result (for the closing
 * step the answer) now shows the one that the chain predicts. null where no edit changes it, as when the question tells its numbers
 * twice.
 */
export function checkSteps({ chain, states }: ProjectedChain, edits: readonly EditedProjection[]): (boolean | null)[] {
  const text = equationsText(chain);
  const checks = edits.flatMap(({ edit, projection: { answer, shown } }) => {
    const prediction = predict(text, edit);
    if (!prediction?.changes) return [];
    const seen = chain.map((_, j) => (states[j] === undefined ? answer : shown[states[j]]![0]?.value));
    return [{ predicted: equationsOf(predictedText(prediction)).map(({ result }) => result), seen }];
  });
  return chain.map(({ result }, j) => {
    const tried = checks.filter(({ predicted }) => predicted[j] !== result);
    const passed = tried.filter(({ predicted, seen }) => seen[j] === predicted[j]);
    return tried.length === 0 ? null : passed.length >= PASSING * tried.length;
  });
}

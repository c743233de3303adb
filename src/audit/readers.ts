/**
 * Who reads the problems of an audit: ours, and the strongest peer beside it. Either says for each problem which chain the model went
 * through, up to the furthest step that a view of the run speaks of, and how far this leads what the question accounts for.
 */
import type { Bank } from '../eval/bank.ts';
import type { Bench } from '../eval/bench.ts';
import { type Candidate, rank } from '../eval/candidates.ts';
import { chainTask, upTo } from '../eval/chain.ts';
import { decode } from '../eval/decode.ts';
import { type Equation, equationsOf, equationsText, numbersTold } from '../eval/equations.ts';
import { project, TOP } from '../eval/projected.ts';
import { forwardChains } from '../eval/projection.ts';
import type { TargetSet } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import type { Problem } from '../worlds/problem.ts';
import { toldBy, toldChain, unaccounted } from './accounting.ts';

export interface Thought {
  /** Row of the problem. */
  readonly row: number;
  readonly text: string;
  readonly chain: readonly Equation[];
  /** What speaks for it beyond what the question accounts for: the higher, the less it is chance. */
  readonly lead: number;
}

/** Of the views that speak of the furthest step, the one whose targets are explained best. */
export function furthestView(views: readonly View[]): View | undefined {
  const anchored = views.filter(({ anchor }) => anchor);
  return anchored.toSorted((a, b) => b.anchor!.step - a.anchor!.step || b.fve - a.fve)[0];
}

/** Problems that are read together: bounds memory, and moves the progress. */
const BATCH = 100;

/** Ticks of `readThoughts`. */
export const partsOf = (problems: number) => Math.ceil(problems / BATCH);

interface Reader {
  readonly view: View;
  readonly bank: Bank;
  readonly tick: () => void;
}

/**
 * What the thoughts about problems say. Nothing of a question is proposed. A reading's lead is its similarity minus that of the chain which
 * the question tells or, where that is not known, of the best candidate that it accounts for, or of the empty text.
 */
export async function readThoughts(bench: Bench, set: TargetSet, { view, bank, tick }: Reader): Promise<Thought[]> {
  const { client, config, world } = bench;
  const { spec, tokenizer } = client.lrm;
  const width = (spec.latents + 1) * spec.model.hiddenSize;
  const thoughts: Thought[] = [];
  for (let from = 0; from < set.problems.length; from += BATCH) {
    const problems = set.problems.slice(from, from + BATCH);
    const states = set.states.subarray(from * width, (from + problems.length) * width);
    const questions = problems.map(({ question }) => tokenizer.encode(question));
    const task = chainTask(bench, { view, questions, states }, bank);
    const found = await decode(bench, config.eval.decode, task, bank);
    const told = problems.map(({ question }) => toldBy(world, question));
    const rivals = found.map((list, i) => {
      const chain = toldChain(told[i]!);
      if (chain) return upTo(bench, view, tokenizer.encode(equationsText(chain)));
      return list.find(({ text }) => unaccounted(equationsOf(text), told[i]!).flat().length === 0)?.text ?? '';
    });
    const held = await rank(
      bench,
      task,
      found.map((list, i) => [list[0]?.text ?? '', rivals[i]!]),
    );
    held.forEach((list, i) => {
      const text = found[i]![0]?.text ?? '';
      const similarity = (of: string) => list.find((candidate: Candidate) => candidate.text === of)!.similarity;
      thoughts.push({ row: from + i, text, chain: equationsOf(text), lead: similarity(text) - similarity(rivals[i]!) });
    });
    tick();
  }
  return thoughts;
}

/**
 * What vocabulary projection with forward chaining says, up to `steps` steps; nothing of a problem in which it finds no chain. It takes
 * what no question tells only where nothing else fits; of such chains those whose numbers rank first lead.
 */
export async function projectThoughts(bench: Bench, problems: readonly Problem[], steps: number): Promise<Thought[]> {
  const { encode } = bench.client.lrm.tokenizer;
  const seen = await project(
    bench,
    problems.map(({ question }) => encode(question)),
  );
  return problems.flatMap(({ question }, row) => {
    const [best] = forwardChains(seen[row]!, numbersTold(question), TOP);
    if (!best) return [];
    const chain = best.chain.slice(0, steps);
    return [{ row, text: equationsText(chain), chain, lead: 1 / (1 + best.rank) }];
  });
}

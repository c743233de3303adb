/**
 * Who reads the problems of an audit: ours, and the strongest peer beside it. Either says for each problem and each step that it
 * speaks of which chain the model went through up to there, with what speaks for it without gold; from there on all are treated alike.
 */
import type { Bank } from '../eval/bank.ts';
import { type Bench, vectorsOf } from '../eval/bench.ts';
import { type Evidence, evidenceOf } from '../eval/calibration.ts';
import { chainTask } from '../eval/chain.ts';
import { type Equation, equationsOf, equationsText, numbersTold, usage } from '../eval/equations.ts';
import { SWAPS } from '../eval/invert.ts';
import { project, TOP } from '../eval/projected.ts';
import { forwardChains } from '../eval/projection.ts';
import { donorRows, SCORING_PARTS, scoreTexts } from '../eval/readings.ts';
import type { TargetSet } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { gather } from '../tensor/rows.ts';

export interface StepReading {
  /** Row of the problem. */
  readonly row: number;
  /** Of the chain, from 1: the one that the reading is about. */
  readonly step: number;
  /** Up to that step. */
  readonly text: string;
  readonly chain: readonly Equation[];
  readonly evidence: Evidence;
}

/** For each step that a view speaks of, the view whose targets are explained best; first steps first. */
export function viewsOfSteps(views: readonly View[]): View[] {
  const steps = [...new Set(views.flatMap(({ anchor }) => (anchor ? [anchor.step] : [])))].sort((a, b) => a - b);
  return steps.map(step =>
    views.filter(({ anchor }) => anchor?.step === step).reduce((a, b) => (b.fve > a.fve ? b : a)),
  );
}

/** Problems that are read together: bounds memory, and moves the progress. */
const BATCH = 100;

/** Ticks of `readThoughts`. */
export const partsOf = (problems: number, views: number) => Math.ceil(problems / BATCH) * views * SCORING_PARTS;

interface Reader {
  readonly views: readonly View[];
  readonly bank: Bank;
  readonly tick: () => void;
}

/** What the thoughts about problems say. Nothing of the question is proposed or scored, but where the config gives the reader its context. */
export async function readThoughts(
  bench: Bench,
  set: TargetSet,
  { views, bank, tick }: Reader,
): Promise<StepReading[]> {
  const { client, config, sets } = bench;
  const { spec, tokenizer } = client.lrm;
  const width = (spec.latents + 1) * spec.model.hiddenSize;
  const donors = sets.get('validation')!;
  const readings: StepReading[] = [];
  for (const view of views) {
    const foreign = vectorsOf(bench, view, donors.states);
    for (let from = 0; from < set.problems.length; from += BATCH) {
      const problems = set.problems.slice(from, from + BATCH);
      const states = set.states.subarray(from * width, (from + problems.length) * width);
      const others = donorRows(
        problems.map(p => p.question),
        donors.problems.map(p => p.question),
        SWAPS,
      );
      const scored = await scoreTexts(bench, {
        ...chainTask(bench, { view, questions: problems.map(p => tokenizer.encode(p.question)), states }, bank),
        how: config.eval.decode,
        bank,
        answers: set.answers.subarray(from, from + problems.length),
        others: gather(foreign, others.flat(), spec.model.hiddenSize),
        tick,
      });
      scored.forEach((reading, i) => {
        const { text } = reading;
        const chain = equationsOf(text);
        const { step } = view.anchor!;
        readings.push({ row: from + i, step, text, chain, evidence: evidenceOf(reading) });
      });
    }
  }
  return readings;
}

/** What vocabulary projection with forward chaining says of the same steps; nothing of a problem in which it finds no chain. */
export async function projectThoughts(
  bench: Bench,
  { problems }: Pick<TargetSet, 'problems'>,
  steps: readonly number[],
): Promise<StepReading[]> {
  const { encode } = bench.client.lrm.tokenizer;
  const seen = await project(
    bench,
    problems.map(p => encode(p.question)),
  );
  return problems.flatMap(({ question }, row) => {
    const told = numbersTold(question);
    const [best] = forwardChains(seen[row]!, told, TOP);
    if (!best) return [];
    const evidence = { rank: best.rank, untold: usage(best.chain, told).untold, steps: best.chain.length };
    return steps.flatMap(step => {
      const chain = best.chain.slice(0, step);
      return chain.length < step ? [] : [{ row, step, text: equationsText(chain), chain, evidence }];
    });
  });
}

/**
 * What stands beside the readings of a view in their labels: the ceiling, which is the best text that is known, and the bank's texts
 * that are nearest to the target. Both are scored as the readings are, against the same targets; neither enters a decision.
 */
import { type Bank, nearestTexts } from '../eval/bank.ts';
import { type Bench, type ReadingTask, similarityTo, type Thoughts, vectorsOf } from '../eval/bench.ts';
import { type Candidate, rank } from '../eval/candidates.ts';
import { readTexts } from '../eval/readTexts.ts';
import { goldText } from '../eval/rows.ts';
import { type Control, explained } from '../eval/scoredText.ts';
import type { View } from '../lrm/views.ts';

export interface Beside {
  /** The gold chain up to the view's anchor. */
  readonly ceiling: Control;
  /** Most similar first. */
  readonly nearest: readonly Candidate[];
}

/** Texts of the bank that a label keeps. */
const NEAREST = 5;

export async function readBeside(bench: Bench, view: View, set: Thoughts, bank: Bank): Promise<Beside[]> {
  const { encode } = bench.client.lrm.tokenizer;
  const { problems, states } = set;
  const task: ReadingTask = {
    view,
    questions: problems.map(problem => encode(problem.question)),
    vectors: vectorsOf(bench, view, states),
  };
  const d = bench.policy.targetSize;
  const gold = problems.map(problem => goldText(bench, problem, view));
  const readouts = await readTexts(
    bench,
    task.questions,
    gold.map(text => [text]),
  );
  const similarity = similarityTo(bench.config, view, readouts, task.vectors);
  const near = await nearestTexts(bench, bank, { frame: view.frame, vectors: task.vectors }, NEAREST);
  const nearest = await rank(bench, task, near);
  const row = (of: Float32Array, i: number) => of.subarray(i * d, (i + 1) * d);
  return gold.map((text, i) => ({
    ceiling: { text, similarity: similarity[i]!, fve: explained(view, row(readouts, i), row(task.vectors, i)) },
    nearest: nearest[i]!,
  }));
}

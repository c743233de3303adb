/** The labels of a run by problem: a line for each in the list, and all that is known of one. */
import { describeView } from '../cli/evalTable.ts';
import type { Label } from '../labels/schema.ts';
import { RecodiError } from '../run/errors.ts';
import type { RunReader } from './runReader.ts';
import type { ProblemAnswer, ProblemLine } from './wire.ts';

export function problemLines(run: RunReader): ProblemLine[] {
  return [...run.labels()].map(([id, labels]) => {
    const [first] = labels as [Label, ...Label[]];
    return {
      id,
      question: first.question,
      answer: first.answer.latent,
      answered: first.gold.answered,
      readings: labels.map(({ view, explanation, accepted, verdicts, probability }) => ({
        view,
        explanation,
        accepted,
        readable: verdicts.readable.holds,
        used: verdicts.used.holds,
        probability,
      })),
    };
  });
}

/** @throws RecodiError('usage') for a problem that has no labels. */
export function problemAnswer(run: RunReader, id: string): ProblemAnswer {
  const labels = run.labels().get(id);
  if (!labels) throw new RecodiError('usage', `${run.folder}: problem ${id} has no labels.`);
  return {
    labels,
    described: Object.fromEntries(labels.map(label => [label.view, describeView(label)])),
    answer: run.answers().get(id) ?? null,
    gapFloor: run.config().eval?.verdicts?.swap_gap ?? null,
  };
}

/** The labels of a run by problem: an index of all of them, as columns, and everything that is known of one problem. */
import { describeView } from '../cli/evalTable.ts';
import type { Label } from '../labels/schema.ts';
import { parseAnchor } from '../lrm/anchors.ts';
import { RecodiError } from '../run/errors.ts';
import { readStep } from '../worlds/notation.ts';
import { keptPer } from './keptPer.ts';
import type { RunReader } from './runReader.ts';
import type { ProblemAnswer, Problems } from './wire.ts';

type ByProblem = ReturnType<RunReader['labels']>;

/** `Problems` as JSON, made once of the labels of a file. */
export const indexJson = keptPer((labels: ByProblem) => JSON.stringify(indexOf(labels)));

export function indexOf(byProblem: ByProblem): Problems {
  const problems = [...byProblem.values()];
  const labels = problems.flat();
  const views = new Map(labels.map(label => [label.view, label]));
  const places = new Map([...views.keys()].map((view, place) => [view, place]));
  const firsts = problems.map(([first]) => first!);
  const steps = labels.map(goldStep);
  return {
    views: [...views.values()].map(label => ({
      id: label.view,
      described: describeView(label),
      anchor: label.anchor,
    })),
    problems: {
      id: firsts.map(({ problem }) => problem),
      question: firsts.map(({ question }) => question),
      answer: firsts.map(({ answer }) => answer.latent),
      answered: firsts.map(({ gold }) => gold.answered),
      readings: problems.map(({ length }) => length),
    },
    readings: {
      view: labels.map(({ view }) => places.get(view)!),
      explanation: labels.map(({ explanation }) => explanation),
      accepted: labels.map(({ accepted }) => accepted),
      readable: labels.map(({ verdicts }) => verdicts.readable.holds),
      used: labels.map(({ verdicts }) => verdicts.used.holds),
      right: steps.map(step => step?.right ?? null),
      exact: steps.map(step => step?.exact ?? null),
      result: steps.map(step => step?.result ?? null),
      operation: operationsOf(steps),
      scores: scoresOf(labels),
    },
  };
}

type GoldStep = Label['gold']['steps'][number];

/** Each step's operation, read once of each text: the views of a problem speak of the same steps. */
function operationsOf(steps: readonly (GoldStep | undefined)[]): (string | null)[] {
  const known = new Map<string, string | null>();
  return steps.map(step => {
    if (step === undefined) return null;
    if (!known.has(step.text)) known.set(step.text, readStep(step.text).operation ?? null);
    return known.get(step.text) ?? null;
  });
}

/** The gold step that a label's anchor speaks of; undefined where it speaks of none. */
function goldStep({ anchor, gold }: Label): GoldStep | undefined {
  const step = anchor === null ? undefined : parseAnchor(anchor)?.step;
  return step === undefined ? undefined : gold.steps[step - 1];
}

/** Digits that tell two readings or two places apart; all of them come with the whole label. */
const DIGITS = 4;
export const short = (value: number): number => Number(value.toPrecision(DIGITS));

function scoresOf(labels: readonly Label[]): Problems['readings']['scores'] {
  const column = (of: (label: Label) => number | null) =>
    labels.map(label => {
      const score = of(label);
      return score === null ? null : short(score);
    });
  return {
    similarity: column(({ scores }) => scores.similarity),
    gap: column(({ scores }) => scores.gap),
    lift: column(({ scores }) => scores.lift),
    fve: column(({ scores }) => scores.fve),
    log_likelihood: column(({ scores }) => scores.log_likelihood),
    probability: column(({ probability }) => probability),
  };
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

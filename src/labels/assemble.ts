/** From a reading to a label: everything known about one target in one record. Pure, so that it can be checked by itself. */
import type { EditedReading } from '../eval/follows.ts';
import { predictedText } from '../eval/prediction.ts';
import type { Reading, StepCausal } from '../eval/readings.ts';
import { exactExpression, rightResult, wellFormed } from '../eval/text.ts';
import type { TriedVerdict } from '../eval/verdicts.ts';
import { anchorName } from '../lrm/anchors.ts';
import { perIntervention } from '../lrm/interventions.ts';
import type { View } from '../lrm/views.ts';
import type { Problem, World } from '../worlds/problem.ts';
import type { Beside } from './beside.ts';
import type { Label } from './schema.ts';

export interface LabelParts {
  readonly problem: Problem;
  readonly view: Pick<View, 'id' | 'steps' | 'space' | 'anchor'>;
  readonly reading: Reading;
  readonly beside: Beside;
  /** That the reading is right, and from which on it is accepted; null where it cannot be known. */
  readonly probability: number | null;
  readonly accept: number;
  readonly causal: StepCausal;
  readonly lens: readonly (readonly string[])[];
  /** First tokens of the model's latent answer and of the gold answer. */
  readonly answers: { readonly latent: string; readonly gold: string };
  readonly equations: World['equations'];
  /** Where it was asked for. */
  readonly follows?: { readonly edits: readonly EditedReading[]; readonly verdict: TriedVerdict };
  readonly provenance: Label['provenance'];
}

export function assembleLabel(parts: LabelParts): Label {
  const { problem, view, reading, beside, probability, accept, causal, lens, answers, equations, follows, provenance } =
    parts;
  const { text } = reading;
  const said = text ?? '';
  const likely = probability === null || probability >= accept;
  const finite = (values: readonly number[]) => values.map(x => (Number.isFinite(x) ? x : null));
  return {
    format: 1,
    id: `${problem.id}:${view.id}`,
    problem: problem.id,
    split: problem.split,
    question: problem.question,
    view: view.id,
    steps: [...view.steps],
    space: view.space,
    anchor: view.anchor ? anchorName(view.anchor) : null,
    explanation: text,
    words: [...reading.words],
    completion: reading.completion,
    answer: { latent: answers.latent, explained: reading.answer, same: reading.same },
    scores: { ...reading.scores, ...(equations && { well_formed: wellFormed(said, equations) }) },
    controls: reading.controls,
    alternatives: [...reading.alternatives],
    nearest: [...beside.nearest],
    lens: lens.map(tokens => [...tokens]),
    causal: perIntervention((site, kind) => finite(causal[site][kind])),
    ...(follows && { edits: follows.edits.map(plainEdit) }),
    verdicts: { ...reading.verdicts, ...(follows && { follows: follows.verdict }) },
    probability,
    accepted:
      text !== null && reading.verdicts.readable.holds && likely && (!follows || follows.verdict.holds === true),
    gold: {
      answer: problem.answer,
      answered: answers.latent === answers.gold,
      ceiling: beside.ceiling,
      steps: problem.steps.map(step => ({
        text: step.text,
        ...(step.result !== undefined && { result: step.result }),
        exact: exactExpression(said, step),
        right: rightResult(said, step),
      })),
    },
    provenance,
  };
}

const plainEdit = ({ edit: { question, from, to }, prediction, text, follows }: EditedReading) => ({
  question,
  from,
  to,
  predicted: predictedText(prediction),
  explanation: text,
  follows,
});

/** The calibration of a view's labels: fitted on readings whose steps are known, and held against the labels that it judged. */
import { z } from 'zod';
import { brier, calibrate, reliability } from '../eval/calibration.ts';
import type { Reading } from '../eval/readings.ts';
import { exactExpression } from '../eval/text.ts';
import type { View } from '../lrm/views.ts';
import type { Problem } from '../worlds/problem.ts';
import type { Label } from './schema.ts';

/** A view's fit, and how many readings it was made on. */
export const fittedSchema = z.object({
  fit: z.object({ intercept: z.number(), weights: z.record(z.string(), z.number()) }),
  fitted_on: z.int(),
});

type Fitted = z.infer<typeof fittedSchema>;

/** How well probabilities held, where the labelled problems' steps are known. */
const calibratedSchema = fittedSchema.extend({
  /** null where no label's step is known. */
  brier: z.number().nullable(),
  /** Of the accepted labels, those that say the view's step; null where none is accepted. */
  precision: z.number().nullable(),
  reliability: z.array(z.object({ predicted: z.number(), observed: z.number(), readings: z.int() })),
});

const viewSummarySchema = z.object({
  labels: z.int(),
  accepted: z.int(),
  /** null where a view speaks of no step that is known. */
  calibration: calibratedSchema.nullable(),
});

export type ViewSummary = z.infer<typeof viewSummarySchema>;

/** calibration.json, which is written when all labels are. */
export const calibrationFileSchema = z.object({
  format: z.literal(1),
  /** What made the labels (madeBy). */
  made_by: z.string(),
  labels_sha256: z.string(),
  /** From which probability on labels were accepted. */
  accept: z.number(),
  views: z.record(z.string(), viewSummarySchema),
});

export type CalibrationFile = z.infer<typeof calibrationFileSchema>;

/** Fits a view's calibration to readings of problems, whose steps it looks at; null where too few are known. */
export function fitTo(view: View, problems: readonly Problem[], readings: readonly Reading[]): Fitted | null {
  const rows = readings.flatMap((reading, i) => {
    const right = saysStep(view, problems[i]!, reading.text ?? '');
    return right === undefined ? [] : [{ reading, right }];
  });
  const fit = calibrate(
    rows.map(row => row.reading),
    rows.map(row => row.right),
  );
  return fit && { fit, fitted_on: rows.length };
}

/** Of the labels of one view: the gold steps under them say how the probabilities held. */
export function summaryOf(view: View, labels: readonly Label[], fitted: Fitted | null): ViewSummary {
  const accepted = labels.filter(label => label.accepted);
  const step = (view.anchor?.step ?? 0) - 1;
  const known = labels.filter(label => label.probability !== null && label.gold.steps[step]);
  const right = (of: readonly Label[]) => of.map(label => label.gold.steps[step]!.exact);
  const said = known.map(label => label.probability!);
  const judged = right(accepted.filter(label => label.gold.steps[step]));
  return {
    labels: labels.length,
    accepted: accepted.length,
    calibration: fitted && {
      ...fitted,
      brier: known.length === 0 ? null : brier(said, right(known)),
      precision: judged.length === 0 ? null : judged.filter(Boolean).length / judged.length,
      reliability: reliability(said, right(known)),
    },
  };
}

/** Whether a text says the step that a view speaks of; undefined where that is not known. */
function saysStep({ anchor }: View, problem: Problem, text: string): boolean | undefined {
  const step = anchor && problem.steps[anchor.step - 1];
  return step && exactExpression(text, step);
}

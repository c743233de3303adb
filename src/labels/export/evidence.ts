/** What justifies a label, kept with every row that is exported of it: flat, so that a data frame can be filtered by any of it. */
import { z } from 'zod';
import type { Label } from '../schema.ts';

export const evidenceSchema = z.strictObject({
  /** Its id in labels.jsonl, where all that is known of it stands. */
  label: z.string(),
  view: z.string(),
  split: z.string(),
  similarity: z.number(),
  fve: z.number(),
  gap: z.number(),
  /** null where the world knows no steps. */
  probability: z.number().nullable(),
  /** From which probability on labels were accepted. */
  accept: z.number(),
  verbalisable: z.boolean(),
  readable: z.boolean(),
  used: z.boolean(),
  /** null where nothing could be tried. */
  adds: z.boolean().nullable(),
  /** null where it was not asked for, or nothing could be tried. */
  follows: z.boolean().nullable(),
  run: z.string(),
  config_sha256: z.string(),
  recodi: z.string(),
});

export type Evidence = z.infer<typeof evidenceSchema>;

export function evidenceOf(label: Label, accept: number): Evidence {
  const { scores, verdicts, provenance } = label;
  return {
    label: label.id,
    view: label.view,
    split: label.split,
    similarity: scores.similarity,
    fve: scores.fve,
    gap: scores.gap,
    probability: label.probability,
    accept,
    verbalisable: verdicts.verbalisable.holds,
    readable: verdicts.readable.holds,
    used: verdicts.used.holds,
    adds: verdicts.adds.holds,
    follows: verdicts.follows?.holds ?? null,
    run: provenance.run,
    config_sha256: provenance.config_sha256,
    recodi: provenance.recodi,
  };
}

/** An audit as the inspector reads it from audit.json: all that it shows is checked here, so that the page need not doubt it. */
import { z } from 'zod';

const share = z.number().nullable();
const association = z.object({ words: z.array(z.string()), p: z.number(), questions: z.int(), marked: z.int() });
const listing = z.object({
  unaccounted: z.array(
    z.object({
      problem: z.string(),
      question: z.string(),
      reading: z.string(),
      unaccounted: z.array(z.string()),
      lead: z.number(),
      probability: z.number(),
      answer: z.string(),
    }),
  ),
  words: z.object({
    found: z.array(association),
    others: z.array(association),
    tested: z.object({ words: z.int(), pairs: z.int() }),
  }),
  agreement: z.object({ precision: share, recall: z.number() }).nullable(),
});
const reader = z.object({ readings: z.int(), accepted: listing, all: listing });

export const auditSchema = z.object({
  format: z.literal(1),
  run: z.string(),
  problems: z.int(),
  accept: z.number(),
  view: z.string(),
  planted: z.object({ problems: z.int(), answered: share }),
  readers: z.object({ ours: reader, projection: reader }),
});

export type AuditFile = z.infer<typeof auditSchema>;

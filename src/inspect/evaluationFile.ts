/** The held-out table as the inspector reads it from eval.json: all that it shows is checked here, so that the page need not doubt it. */
import { z } from 'zod';
import { KINDS, type Kind, SITES, type Site } from '../lrm/interventions.ts';

const number = z.number().nullable();
const figure = z.object({ value: number, low: number, high: number });
const reach = z.object({ fve: number, nats: number });
const verdict = z.object({ holds: z.boolean().nullable(), reason: z.string() });
const same = <K extends string, T extends z.ZodType>(keys: readonly K[], value: T) =>
  z.object(Object.fromEntries(keys.map(key => [key, value])) as Record<K, T>);
const causal = same<Site, z.ZodObject<Record<Kind, typeof figure>>>(SITES, same<Kind, typeof figure>(KINDS, figure));
const method = z.object({
  correct: z.object({ found: figure, gold: figure }),
  incorrect: z.object({ found: figure, gold: figure }),
  swapped: figure,
  auroc: figure,
});

export const evaluationSchema = z.object({
  format: z.literal(1),
  run: z.string(),
  problems: z.int(),
  seed: z.int(),
  settings: z.object({ confidence: z.number(), decode: z.string() }),
  views: z.array(
    z.object({
      id: z.string(),
      steps: z.array(z.int()),
      space: z.enum(['raw', 'translated']),
      anchor: z.string().nullable(),
      reach,
      question_end_reach: reach.nullable(),
      causal,
      follows: same(['changes', 'stays', 'unthought', 'swapped'], figure),
      verdicts: z.record(z.string(), verdict),
      rows: z.record(z.string(), z.record(z.string(), figure)),
    }),
  ),
  content: z.array(z.object({ result: z.int(), view: z.string(), validation: z.number() })),
  chains: z
    .object({
      view: z.string(),
      problems: z.object({ correct: z.int(), incorrect: z.int() }),
      methods: z.record(z.string(), method),
    })
    .nullable(),
});

export type EvaluationFile = z.infer<typeof evaluationSchema>;

/**
 * What a job says and what its worker answers: small records, whose bulk lies in blobs. A job's result in Redis is a text of a
 * few hundred bytes, since queues copy results into their event streams.
 */
import { z } from 'zod';
import type { FlatError } from '../tensor/taskError.ts';
import { blobSchema } from './blobs.ts';
import { placeSchema } from './places.ts';

export const orderSchema = z.strictObject({
  task: z.string().max(100),
  input: blobSchema,
  /** By field of the input. */
  places: z.record(z.string().max(100), placeSchema),
  shared: z
    .array(z.strictObject({ id: z.string().min(1).max(200), version: z.int().min(0), blob: blobSchema }))
    .max(64),
});
export type Order = z.infer<typeof orderSchema>;

export const answerSchema = z.strictObject({
  worker: z.string().max(200),
  /** An encoded `RemoteOutcome`; absent where something of the order was lost on the way, and must be sent again. */
  outcome: blobSchema.optional(),
});
export type Answer = z.infer<typeof answerSchema>;

const errorSchema: z.ZodType<FlatError> = z.strictObject({
  code: z.enum(['usage', 'config', 'input', 'device', 'gate', 'internal']).exactOptional(),
  name: z.string(),
  message: z.string(),
  stack: z.string().exactOptional(),
  cause: z.lazy(() => errorSchema).exactOptional(),
});

const stats = z.record(z.string(), z.number());
export const outcomeSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown(), stats }),
  z.strictObject({ ok: z.literal(false), error: errorSchema, stats }),
]);

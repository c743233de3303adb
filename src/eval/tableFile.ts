/** The held-out table as a run folder keeps it (eval.json), for what compares runs by it. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { DECODES } from '../rl/decodes.ts';
import { RecodiError } from '../run/errors.ts';
import { readJson } from '../run/files.ts';
import { runPaths } from '../run/paths.ts';

const figureSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** What is compared of an eval.json, which holds more. */
const tableSchema = z.object({
  format: z.literal(1),
  run: z.string(),
  seed: z.int(),
  settings: z.object({ confidence: z.number(), decode: z.enum(DECODES) }),
  views: z
    .array(z.object({ id: z.string(), rows: z.record(z.string(), z.record(z.string(), figureSchema)) }))
    .readonly(),
  content: z.array(z.object({ result: z.int().min(1), view: z.string() })).readonly(),
});

export type TableFile = z.infer<typeof tableSchema>;

/** @throws RecodiError('input') for a run that has no table yet, or an unreadable one. */
export function readTable(folder: string): TableFile {
  const { evaluation: path } = runPaths(folder);
  if (existsSync(path)) return readJson(path, tableSchema);
  throw new RecodiError(
    'input',
    `${path}: no such file; make the table first by \`recodi eval ${relative('.', folder)}\`.`,
  );
}

/** Of a table's views the one that its validation problems chose for a result of the chain. */
export function viewOf<V extends { readonly id: string }>(
  table: {
    readonly views: readonly V[];
    readonly content: readonly { readonly result: number; readonly view: string }[];
  },
  result: number,
): V | undefined {
  const chosen = table.content.find(entry => entry.result === result);
  return table.views.find(({ id }) => id === chosen?.view);
}

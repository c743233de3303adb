/**
 * Control models: runs on models of the same size, data and budget that do not think recurrently, beside a run. Each result of the
 * chain is read at the view that the model's own validation problems chose. A reading is **evidence** of recurrent thought where no
 * control reads as well: its interval lies above those of all controls.
 */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { DECODES } from '../rl/decodes.ts';
import { RecodiError } from '../run/errors.ts';
import { readJson } from '../run/files.ts';
import { runPaths } from '../run/paths.ts';
import type { Figure } from './bootstrap.ts';
import type { Verdict } from './verdicts.ts';

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

export type ControlTable = z.infer<typeof tableSchema>;

/** A model's table at the view chosen for a result. */
export interface ModelRows {
  readonly run: string;
  readonly view: string;
  readonly rows: Readonly<Record<string, Readonly<Record<string, Figure>>>>;
}

export interface ControlledResult {
  readonly result: number;
  /** The run, then the controls. */
  readonly models: readonly ModelRows[];
  /** By column, `right_j` and `exact_j` of the row that `eval.decode` names. */
  readonly evidence: Readonly<Record<string, Verdict>>;
}

/** @throws RecodiError('input') for a run that has no table yet, or an unreadable one. */
export function readTable(folder: string): ControlTable {
  const { evaluation: path } = runPaths(folder);
  if (existsSync(path)) return readJson(path, tableSchema);
  throw new RecodiError(
    'input',
    `${path}: no such file; make the control's table first by \`recodi eval ${relative('.', folder)}\`.`,
  );
}

/** @throws RecodiError('input') for tables that cannot be held against each other. */
export function besideControls(own: ControlTable, controls: readonly ControlTable[]): ControlledResult[] {
  const { confidence, decode } = own.settings;
  for (const { run, settings } of controls) {
    if (settings.confidence === confidence && settings.decode === decode) continue;
    throw new RecodiError(
      'input',
      `control ${run}: expected readings by ${decode} with intervals of ${confidence}, as of ${own.run}, got ${settings.decode} and ${settings.confidence}; evaluate both alike (--decode, --set eval.confidence).`,
    );
  }
  return own.content.map(({ result }) => {
    const models = [own, ...controls].map(table => atResult(table, result));
    const evidence = (column: string) => [column, judgeEvidence(models, decode, column)] as const;
    return {
      result,
      models,
      evidence: Object.fromEntries(['right', 'exact'].map(name => evidence(`${name}_${result}`))),
    };
  });
}

function atResult({ run, views, content }: ControlTable, result: number): ModelRows {
  const chosen = content.find(entry => entry.result === result);
  const view = views.find(({ id }) => id === chosen?.view);
  if (view) return { run, view: view.id, rows: view.rows };
  throw new RecodiError(
    'input',
    `run ${run}: its table says nothing of result ${result}; compare runs on problems of as many steps.`,
  );
}

interface Interval {
  readonly run: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** An interval that overlaps the own one reads as well; and so may one that is not known. */
export function judgeEvidence(models: readonly ModelRows[], row: string, column: string): Verdict {
  const known = models.flatMap(({ run, rows }): Interval[] => {
    const { value = null, low = null, high = null } = rows[row]?.[column] ?? {};
    return value === null || low === null || high === null ? [] : [{ run, value, low, high }];
  });
  const unknown = models.find(({ run }) => !known.some(interval => interval.run === run));
  if (unknown) return { holds: false, reason: `${unknown.run} has no ${column} of ${row}` };
  const [own, ...controls] = known;
  const asWell = controls.filter(({ high }) => high >= own!.low);
  const list = (intervals: readonly Interval[]) => intervals.map(shown).join(', ');
  return asWell.length > 0
    ? { holds: false, reason: `${shown(own!)}; as well ${list(asWell)}` }
    : { holds: true, reason: `${shown(own!)}, above ${list(controls)}` };
}

/** `pause 0.52 (0.45–0.59)` */
const shown = ({ run, value, low, high }: Interval) =>
  `${run} ${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;

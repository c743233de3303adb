/**
 * Control models: runs on models of the same size, data and budget that do not think recurrently, beside a run. Each result of the
 * chain is read at the view that the model's own validation problems chose. A reading is **evidence** of recurrent thought where no
 * control reads as well: its interval lies above those of all controls.
 */
import { RecodiError } from '../run/errors.ts';
import type { Figure } from './bootstrap.ts';
import { type TableFile, viewOf } from './tableFile.ts';
import type { Verdict } from './verdicts.ts';

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

/** @throws RecodiError('input') for tables that cannot be held against each other. */
export function besideControls(own: TableFile, controls: readonly TableFile[]): ControlledResult[] {
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

function atResult(table: TableFile, result: number): ModelRows {
  const view = viewOf(table, result);
  if (view) return { run: table.run, view: view.id, rows: view.rows };
  throw new RecodiError(
    'input',
    `run ${table.run}: its table says nothing of result ${result}; compare runs on problems of as many steps.`,
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
  const known: Interval[] = [];
  for (const { run, rows } of models) {
    const { value = null, low = null, high = null } = rows[row]?.[column] ?? {};
    if (value === null || low === null || high === null)
      return { holds: false, reason: `${run} has no ${column} of ${row}` };
    known.push({ run, value, low, high });
  }
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

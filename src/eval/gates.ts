/**
 * Gates: figures of the held-out table that must hold, as `eval.gates` of the config lists them; `recodi eval --gate` turns them
 * into an exit status. A gate names a row, a column and a view; where it names no view, it means the one that was chosen on
 * validation problems for the result that the column speaks of, else the one that reads best there.
 */

import type { Gate } from '../rl/readingConfig.ts';
import { meant } from '../run/config/nearest.ts';
import { RecodiError } from '../run/errors.ts';
import { ROWS, type RowName } from './rows.ts';
import type { Evaluation } from './table.ts';

export interface GateResult {
  /** `retrieve right_2 at k3@2.before, over warm_start`. */
  readonly gate: string;
  /** `≥ 0.9`. */
  readonly expected: string;
  /** null where the table has no such figure. */
  readonly got: number | null;
  readonly passed: boolean;
}

const COLUMNS = ['same', 'fve', 'similarity', 'gap', 'well_formed', 'length', 'perplexity'];
/** Parts of a view's table that hold figures beside its rows, and of the whole. */
const FIGURES = ['reach', 'question_end_reach', 'causal', 'follows', 'verdicts', 'chains'];
const PER_RESULT = /^(?:right|exact)_([1-9]\d?)$/;

/**
 * Looks at names before anything is computed.
 * @throws RecodiError('config') for a row, column or view that no table of this run has.
 */
export function checkGateNames(gates: readonly Gate[], views: readonly string[]): void {
  gates.forEach((gate, i) => {
    const check = (key: keyof Gate, what: string, name: string | undefined, names: readonly string[]) => {
      if (name === undefined || names.includes(name)) return;
      throw new RecodiError(
        'config',
        `eval.gates.${i}.${key}: the table has no ${what} "${name}"; ${meant(name, names)}`,
      );
    };
    const [part] = gate.figure?.split('.') ?? [];
    check('figure', 'figure', part, FIGURES);
    check('row', 'row', gate.row, Object.keys(ROWS));
    check('over', 'row', gate.over, Object.keys(ROWS));
    check('view', 'view', gate.view, views);
    if (gate.metric !== undefined && !PER_RESULT.test(gate.metric))
      check('metric', 'column', gate.metric, [...COLUMNS, 'right_1', 'exact_1']);
  });
}

export function checkGates(evaluation: Evaluation, gates: readonly Gate[]): GateResult[] {
  return gates.map(gate => {
    const { row, metric, figure, over, min, max } = gate;
    const whole = figure?.startsWith('chains.');
    const view = whole ? undefined : viewOf(evaluation, gate);
    const table = evaluation.views.find(({ id }) => id === view);
    const ofRow = (name: string) => table?.rows[name as RowName]?.[metric!]?.value ?? null;
    const [own, base] =
      figure === undefined
        ? [ofRow(row!), over === undefined ? 0 : ofRow(over)]
        : [figureAt(whole ? evaluation : table, figure), 0];
    const got = own === null || base === null ? null : own - base;
    const bounds = [min !== undefined && `≥ ${min}`, max !== undefined && `≤ ${max}`].filter(Boolean);
    return {
      gate: `${figure ?? `${row} ${metric}`}${whole ? '' : ` at ${view ?? 'no view'}`}${over === undefined ? '' : `, over ${over}`}`,
      expected: bounds.join(' and '),
      got,
      passed: got !== null && got >= (min ?? -Infinity) && got <= (max ?? Infinity),
    };
  });
}

/** A number, the value of a figure, or 1 for a verdict that holds; null where there is none of these. */
function figureAt(from: unknown, path: string): number | null {
  const found = path
    .split('.')
    .reduce<unknown>((here, key) => (isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined), from);
  const value = isRecord(found) ? (found.value ?? found.holds) : found;
  return typeof value === 'number' || typeof value === 'boolean' ? Number(value) : null;
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

function viewOf({ content }: Evaluation, { view, result, metric }: Gate): string | undefined {
  if (view !== undefined) return view;
  const about = result ?? PER_RESULT.exec(metric ?? '')?.[1];
  if (about !== undefined) return content.find(entry => entry.result === Number(about))?.view;
  const [first, ...rest] = content;
  return first && rest.reduce((best, entry) => (entry.validation > best.validation ? entry : best), first).view;
}

/** @throws RecodiError('gate') that names every failing gate with what was expected and what came. */
export function requireGates(results: readonly GateResult[]): void {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const lines = failed.map(
    ({ gate, expected, got }) => `${gate}: expected ${expected}, got ${got?.toFixed(3) ?? 'none'}`,
  );
  const many = failed.length === 1 ? '1 gate fails' : `${failed.length} gates fail`;
  throw new RecodiError('gate', `${many} of ${results.length}:\n  ${lines.join('\n  ')}`);
}

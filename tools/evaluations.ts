/** What the tables of several runs are made of: their eval.json, the view that speaks of a result, and figures over runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../src/eval/table.ts';

export const evaluationOf = (folder: string): Evaluation => JSON.parse(readFileSync(join(folder, 'eval.json'), 'utf8'));

/** The view that the run's validation problems chose for a result of the chain. */
export function chosenView(run: Evaluation, result: number) {
  const chosen = run.content.find(content => content.result === result);
  return run.views.find(view => view.id === chosen?.view);
}

/** Mean, and range where there are several; empty for none. */
export function meanAndRange(values: readonly number[]): string {
  if (values.length === 0) return '';
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  return `${mean.toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

/** What a task's answers can be had for without an oracle: the most frequent one, and a linear probe of the same vectors. */
import { probeTask } from '../lrm/probeTask.ts';
import type { Pool } from '../tensor/pool.ts';
import type { FactSet } from './collect.ts';
import { depthLayer } from './collect.ts';
import type { Found } from './rows.ts';
import type { OracleTask } from './tasks/index.ts';

const RIDGE = 1e-3;
/** Cases that a probe is fitted on: more of them say little more. */
const MOST_FITTED = 4000;

/** Share of the answers that are the one most frequent in training. */
export function majorityShare(trained: readonly Found[], held: readonly Found[]): number {
  const counts = new Map<string, number>();
  for (const { answer } of trained) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return held.filter(({ answer }) => answer === most).length / held.length;
}

export interface Probing {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly train: FactSet;
  readonly test: FactSet;
  /** States of a thought, and blocks of its model. */
  readonly count: number;
  readonly layers: number;
}

/** Share of held-out cases whose answer a ridge regression to classes finds; undefined where the task has no classes. */
export async function probeShare(
  task: OracleTask,
  { trained, held }: { readonly trained: readonly Found[]; readonly held: readonly Found[] },
  { pool, signal, train, test, count, layers }: Probing,
): Promise<number | undefined> {
  if (!task.classes) return undefined;
  const place = ({ depth, steps }: Found) => `${depth} ${task.classes === 'each' ? steps.join() : steps.length}`;
  const vectorsOf = ({ vectors, facts }: FactSet, cases: readonly Found[]) => {
    const layer = cases[0]!.depth === undefined ? layers : depthLayer(cases[0]!.depth, layers);
    const all = vectors.get(layer)!;
    const d = all.length / (facts.length * count);
    const m = cases[0]!.steps.length * d;
    const out = new Float32Array(cases.length * m);
    cases.forEach(({ problem, steps }, row) => {
      steps.forEach((k, i) => {
        const from = (problem * count + k) * d;
        out.set(all.subarray(from, from + d), row * m + i * d);
      });
    });
    return { vectors: out, m };
  };
  let right = 0;
  for (const key of new Set(held.map(place))) {
    const fitted = trained.filter(found => place(found) === key).slice(0, MOST_FITTED);
    const asked = held.filter(found => place(found) === key);
    if (fitted.length === 0) continue;
    const known = [...new Set(fitted.map(({ answer }) => answer))];
    const classes = (cases: readonly Found[]) => [cases.map(({ answer }) => known.indexOf(answer))];
    const { vectors: inputs, m } = vectorsOf(train, fitted);
    const { vectors: heldInputs } = vectorsOf(test, asked);
    const request = { inputs, heldInputs, m, ridge: RIDGE, classes: classes(fitted), heldClasses: classes(asked) };
    const [share = 0] = await pool.run(probeTask, request, { signal });
    right += share * asked.length;
  }
  return right / held.length;
}

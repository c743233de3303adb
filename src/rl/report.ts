/** What an update says of itself beside PPO's own numbers: how well its texts read their latents, and a table of samples. */

import type { InversionTarget } from '../../envs/latentInversion.ts';
import { alikeness, distinct, repetition, wellFormed } from '../eval/text.ts';
import type { TargetSet } from '../lrm/targets.ts';
import type { Pool } from '../tensor/pool.ts';
import type { World } from '../worlds/problem.ts';
import type { PpoUpdate } from './ppo.ts';

/** Rows of an update that go into samples.jsonl. */
const SAMPLE_ROWS = 8;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/** `inversion/*` of an update's rollouts. */
export function inversionMetrics(
  { rollouts, problems }: PpoUpdate,
  world: World,
  samples: number,
): Record<string, number> {
  const targets = problems.targets as readonly InversionTarget[];
  const term = (name: string) => mean(rollouts.scores.map(score => score.terms[name]!));
  const byView = new Map<string, number[]>();
  rollouts.scores.forEach((score, row) => {
    const { view } = targets[Math.floor(row / samples)]!;
    const list = byView.get(view) ?? [];
    list.push(score.reward);
    byView.set(view, list);
  });
  const { equations } = world;
  return {
    'inversion/cos': term('similarity'),
    'inversion/shuffled_cos': term('shuffled'),
    'inversion/gap': term('gap'),
    'inversion/lift_empty': term('lift_empty'),
    'inversion/effect': mean(rollouts.scores.map(score => Math.abs(score.terms.lift_empty!))),
    'inversion/fve': term('fve'),
    ...(equations && {
      'inversion/format_rate': mean(rollouts.texts.map(text => (wellFormed(text, equations) ? 1 : 0))),
    }),
    ...Object.fromEntries([...byView].sort().map(([view, scores]) => [`inversion/${view}/score`, mean(scores)])),
  };
}

/** n of the n-grams by which texts are held against themselves and each other. */
const GRAM = 4;

/** `completions/repetition` of all texts; `completions/distinct` and `/alike` of one text per problem. */
export function textMetrics({ rollouts }: PpoUpdate, samples: number): Record<string, number> {
  const firsts = rollouts.texts.filter((_, row) => row % samples === 0);
  const [different, alike] = [distinct(firsts, GRAM), alikeness(firsts, GRAM)];
  return {
    'completions/repetition': mean(rollouts.texts.map(text => repetition(text, GRAM))),
    ...(different !== null && { 'completions/distinct': different }),
    ...(alike !== null && { 'completions/alike': alike }),
  };
}

/** `system/*`: the machine. */
export function systemMetrics(pool: Pool): Record<string, number> {
  const { captures = 0, sessions = 0 } = pool.stats();
  return {
    'system/rss_mb': process.memoryUsage.rss() / 2 ** 20,
    'system/captures': captures,
    'system/sessions': sessions,
  };
}

/** The first sample of some problems: target, text, all scores. */
export function sampleTable({ rollouts, problems }: PpoUpdate, update: number, set: TargetSet, samples: number) {
  const rows = (problems as PpoUpdate['problems'] & { rows: readonly number[] }).rows;
  const targets = problems.targets as readonly InversionTarget[];
  return targets.slice(0, SAMPLE_ROWS).map((target, i) => {
    const problem = set.problems[rows[i]!]!;
    const score = rollouts.scores[i * samples]!;
    return {
      update,
      problem: problem.id,
      view: target.view,
      question: problem.question,
      text: rollouts.texts[i * samples],
      reward: score.reward,
      ...score.terms,
    };
  });
}

/**
 * What a latent-reasoning model can do, as tables for the terminal.
 */
import type { LrmEvaluation } from '../lrm/evaluate.ts';
import { formatTable } from './table.ts';

const percent = (share: number) => (100 * share).toFixed(1);

export function formatEvaluation(evaluation: LrmEvaluation): string {
  const { latent_accuracy: latent, lens } = evaluation;
  const rows = [
    ['explicit chain', evaluation.cot_accuracy],
    ...latent.map((share, steps) => [steps === 0 ? 'empty wrapper' : `${steps} latent steps`, share] as const),
    ['question only', evaluation.no_thought_accuracy],
  ] as const;
  const results = lens[0]?.results.map((_, step) => `result ${step + 1}, %`) ?? [];
  const tops = lens.map(({ state, results: shares, top }) => [
    `state ${state}`,
    ...shares.map(percent),
    top.map(([token, share]) => `${token} ${percent(share)}`).join(', '),
  ]);
  return [
    `${evaluation.problems} problems\n`,
    formatTable(
      ['thoughts', 'right answers, %'],
      rows.map(([name, share]) => [name, percent(share)]),
    ),
    `the logit lens: share of problems in which it shows a step's result\n`,
    formatTable(['', ...results, 'most often, %'], tops),
  ].join('\n');
}

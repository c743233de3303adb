/** What a latent-reasoning model can do, and what its latents hold, as tables for the terminal. */
import type { LrmEvaluation } from '../lrm/evaluate.ts';
import { KINDS, SITES } from '../lrm/interventions.ts';
import type { LatentMap } from '../lrm/probe.ts';
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

/** Probes, translators and interventions, a row per place that was looked at. */
export function formatMap({ rows, majority, problems, held, steps }: LatentMap): string {
  const contents = Object.keys(majority);
  const anchors = [...new Set(rows.flatMap(row => Object.keys(row.anchors)))].sort();
  const probes = [
    ...rows.map(({ source, probes }) => [source, ...contents.map(content => percent(probes[content]!))]),
    ['most frequent', ...contents.map(content => percent(majority[content]!))],
  ];
  const translators = rows.map(row => [
    row.source,
    ...anchors.flatMap(anchor => {
      const found = row.anchors[anchor];
      return found ? [found.fve.toFixed(2), found.nats.toFixed(0)] : ['', ''];
    }),
  ]);
  const causal = rows.flatMap(({ source, causal }) => (causal ? [{ source, causal }] : []));
  const share = (value: number | null) => (value === null ? '' : percent(value));
  return [
    `problems of ${steps} steps: fitted on ${problems}, held out ${held}\n`,
    'linear probes: share of held-out problems in which a content is found, %\n',
    formatTable(['', ...contents], probes),
    "translators to the states of the model's own chains at an anchor: FVE on held-out problems, and nats\n",
    formatTable(['', ...anchors.flatMap(anchor => [anchor, 'nats'])], translators),
    'interventions: share that change the answer, %, at the input of the next step and at the readout\n',
    formatTable(
      ['', ...SITES.flatMap(site => KINDS.map(kind => `${site} ${kind}`))],
      causal.map(row => [row.source, ...SITES.flatMap(site => KINDS.map(kind => share(row.causal[site][kind])))]),
    ),
  ].join('\n');
}

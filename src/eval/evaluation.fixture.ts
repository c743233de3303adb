/** A held-out table of two views, as `recodi eval` would make it. */
import { perIntervention } from '../lrm/interventions.ts';
import { trainConfigSchema } from '../rl/config.ts';
import type { Figure } from './bootstrap.ts';
import type { MethodTable } from './chains.ts';
import type { Evaluation } from './table.ts';
import type { ViewTable } from './viewTable.ts';

/** A figure with an interval of ± `half`. */
export const figure = (value: number | null, half = 0.05): Figure => ({
  value,
  low: value === null ? null : value - half,
  high: value === null ? null : value + half,
});

function row(right: number, same: number): Record<string, Figure> {
  return {
    exact_1: figure(right / 2),
    right_1: figure(right),
    exact_2: figure(0.1),
    right_2: figure(0.2),
    exact_3: figure(0),
    right_3: figure(0),
    same: figure(same),
    similarity: figure(0.61),
    gap: figure(0.4),
    well_formed: figure(1, 0),
    length: figure(4.75),
    fve: figure(-16.071, 3.55),
    perplexity: figure(12345.6),
  };
}

function view(part: Pick<ViewTable, 'id' | 'steps' | 'space' | 'anchor'>, same: number): ViewTable {
  return {
    ...part,
    reach: { fve: 0.71, nats: part.space === 'raw' ? null : 34.25 },
    question_end_reach: part.space === 'raw' ? null : { fve: 0.4, nats: 20 },
    causal: perIntervention((site, kind) => figure(site === 'input' ? 0.95 : kind === 'swap' ? 0.12 : null)),
    follows: { changes: figure(0.7), stays: figure(0.9), unthought: figure(0.01), swapped: figure(null) },
    verdicts: {
      verbalisable: { holds: true, reason: 'the best text known (gold) has FVE 0.62 > 0.00 (the mean)' },
      readable: { holds: true, reason: 'swap gap 0.40 ≥ 0.10, FVE 0.30 > 0.00 (the mean)' },
      used: { holds: false, reason: 'swapping it at the readout changes 0.05 of the answers, < 0.10' },
      adds: { holds: false, reason: "right 0.02 (at least 0.00) more often than the question's end, < 0.10" },
      follows: { holds: null, reason: 'no number of the question could be edited' },
    },
    rows: {
      greedy: row(0.84, same),
      retrieve: { ...row(0.9, same), words_read: figure(0.35) },
      warm_start: row(0.5, same - 0.3),
      swapped_retrieve: { ...row(0.1, 0.06), words_read: figure(0.04, 0.02) },
      empty: { ...row(0, 0.04), right_1: figure(null) },
    },
  };
}

interface MethodShares {
  readonly found: number;
  readonly gold: number;
  readonly incorrect: number;
  readonly swapped: number;
  readonly auroc: number | null;
}

function method({ found, gold, incorrect, swapped, auroc }: MethodShares): MethodTable {
  return {
    correct: { found: figure(found), gold: figure(gold) },
    incorrect: { found: figure(incorrect), gold: figure(0, 0) },
    swapped: figure(swapped),
    auroc: figure(auroc),
  };
}

export const evaluation: Evaluation = {
  format: 1,
  run: 'arithmetic',
  problems: 200,
  seed: 0,
  settings: trainConfigSchema.parse({ name: 'small', lrm: 'none' }).eval,
  views: [
    view({ id: 'k0', steps: [0], space: 'raw', anchor: '1.before' }, 0.3),
    view({ id: 'k0-4@2.result', steps: [0, 1, 2, 3, 4], space: 'translated', anchor: '2.result' }, 0.62),
  ],
  content: [
    { result: 1, view: 'k0', validation: 0.97 },
    { result: 2, view: 'k0-4@2.result', validation: 0.91 },
  ],
  chains: {
    view: 'k0-4@2.result',
    problems: { correct: 190, incorrect: 10 },
    methods: {
      ours: method({ found: 0.97, gold: 0.95, incorrect: 0.1, swapped: 0.06, auroc: 0.9 }),
      projection: method({ found: 1, gold: 0.9, incorrect: 0.3, swapped: 0.4, auroc: 0.8 }),
      projection_verified: method({ found: 0.88, gold: 0.8, incorrect: 0, swapped: 0, auroc: null }),
      lens: method({ found: 0.98, gold: 0.92, incorrect: 0.2, swapped: 0.3, auroc: 0.7 }),
    },
  },
};

/** What the held-out table says of one view: every row's figures, what interventions do, and the verdicts with their evidence. */
import { anchorName } from '../lrm/anchors.ts';
import { causalOf, largest, type PerIntervention, perIntervention } from '../lrm/interventions.ts';
import type { View } from '../lrm/views.ts';
import { type Bench, bootstrapOf, type Thoughts } from './bench.ts';
import { type BootstrapSettings, bootstrap, type Figure, present } from './bootstrap.ts';
import type { Follows } from './follows.ts';
import type { Measurements } from './measure.ts';
import { natsBeside } from './questionEnd.ts';
import { type RowName, SWAPPED } from './rows.ts';
import { type Bound, type Evidence, judge, judgeFollows, type TriedVerdict, type Verdicts } from './verdicts.ts';

/** How much of a latent's kind the chain's states can say: FVE (null where the model writes no chains), and nats of a translator. */
export interface Reach {
  readonly fve: number | null;
  readonly nats: number | null;
}

export interface ViewTable {
  readonly id: string;
  readonly steps: readonly number[];
  readonly space: View['space'];
  readonly anchor: string | null;
  /** Of the own chains (raw) or of the translator, on validation problems. */
  readonly reach: Reach;
  /** The same of the translator that reads the question's end; translated views only. */
  readonly question_end_reach: Reach | null;
  readonly causal: PerIntervention<Figure>;
  readonly follows: Follows;
  readonly verdicts: Verdicts & { readonly follows: TriedVerdict };
  readonly rows: Readonly<Partial<Record<RowName, Readonly<Record<string, Figure>>>>>;
}

/** Rows that come nearest to a target; what none of them explains is not verbalisable. */
const TEXTS = ['gold', 'chain', 'retrieve', 'best_of_n', 'greedy', 'nearest'] as const satisfies RowName[];

type Rows = Readonly<Record<RowName, Readonly<Record<string, Figure>>>>;
type Resampling = (name: string) => BootstrapSettings;

export interface MeasuredView {
  readonly measured: ReadonlyMap<RowName, Measurements>;
  readonly follows: Follows;
}

export function viewTable(bench: Bench, view: View, set: Thoughts, { measured, follows }: MeasuredView): ViewTable {
  const { config, views } = bench;
  const settings = bootstrapOf(bench, view);
  const rows = Object.fromEntries(
    [...measured].map(([row, measurements]) => [row, rowFigures(measurements, name => settings(`${row} ${name}`))]),
  ) as Rows;
  const causal = causalFigures(bench, view, set, settings);
  const end = views.controls.find(control => control.id === view.id);
  const evidence = evidenceOf(bench, view, { measured, rows, causal, settings });
  const { changes, stays } = follows;
  return {
    id: view.id,
    steps: view.steps,
    space: view.space,
    anchor: view.anchor ? anchorName(view.anchor) : null,
    reach: reachOf(view),
    question_end_reach: end ? reachOf(end) : null,
    causal,
    follows,
    verdicts: {
      ...judge(evidence, config.eval.verdicts),
      follows: judgeFollows({ changes: changes.value, stays: stays.value }, config.eval.verdicts),
    },
    rows,
  };
}

const reachOf = ({ fve, nats }: View): Reach => ({ fve: Number.isFinite(fve) ? fve : null, nats: nats ?? null });

function rowFigures({ columns, fve }: Measurements, settings: Resampling): Record<string, Figure> {
  const { nll, ...means } = columns;
  const explained = { numerator: fve.error, denominator: fve.total };
  return {
    ...Object.fromEntries(
      Object.entries(means).map(([column, values]) => [column, bootstrap(present(values), settings(column))]),
    ),
    fve: bootstrap(explained, { ...settings('fve'), transform: x => 1 - x }),
    perplexity: bootstrap({ numerator: nll! }, { ...settings('ppl'), transform: Math.exp }),
  };
}

/** Of several steps the one that changes most answers. */
function causalFigures(bench: Bench, view: View, set: Thoughts, settings: Resampling): PerIntervention<Figure> {
  const states = bench.client.lrm.spec.latents + 1;
  const perProblem = set.problems.map((_, i) => causalOf(set.causal, states, i, view.steps));
  return perIntervention((site, kind) => {
    const values = Float64Array.from(perProblem, scores => largest(scores[site][kind]));
    return bootstrap(present(values), settings(`causal ${site} ${kind}`));
  });
}

interface Measured {
  readonly measured: ReadonlyMap<RowName, Measurements>;
  readonly rows: Rows;
  readonly causal: PerIntervention<Figure>;
  readonly settings: Resampling;
}

function evidenceOf(bench: Bench, view: View, { measured, rows, causal, settings }: Measured): Evidence {
  const how = bench.config.eval.decode;
  const ours = measured.get(how)!;
  const fve = (row: RowName) => rows[row].fve!.value;
  const lead = (name: string, errors: ArrayLike<number>): Bound => {
    const numerator = Float64Array.from(errors, (error, i) => error - ours.fve.error[i]!);
    return bootstrap({ numerator, denominator: ours.fve.total }, settings(`lead over ${name}`));
  };
  const overRow = (name: string, row: RowName) => lead(name, measured.get(row)!.fve.error);
  const right = `right_${view.anchor?.step}`;
  const own = ours.columns[right];
  const end = measured.get('question_end')!.columns[right];
  return {
    gap: rows[how].gap!,
    fve: fve(how),
    leads: {
      empty: overRow('empty', 'empty'),
      swapped: overRow('swapped', SWAPPED[how]),
      "another problem's text": overRow('other_text', 'other_text'),
      'the last token': overRow('last_token', 'last_token'),
      'the mean': lead('the mean', ours.fve.total),
    },
    known: {
      ...Object.fromEntries(TEXTS.map(row => [row, fve(row)])),
      ...(view.space === 'raw' && { 'the own chains': reachOf(view).fve }),
    },
    swap: { input: causal.input.swap, readout: causal.readout.swap },
    adds: {
      nats: natsBeside(bench, view),
      right: own && end ? bootstrap(present(own.map((x, i) => x - end[i]!)), settings('adds')) : null,
    },
  };
}

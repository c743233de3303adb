/**
 * Which views a run reads, decided without gold: everything here looks at the model's latents and at the explicit chains
 * that the model itself writes.
 *
 * `auto`: a step is read raw where its latents lie near the states of the own chain (FVE at the best anchor over a threshold on
 * validation problems), else through a translator to the anchor with the most nats on training problems. Anchors can be asked
 * for by name, or by their point alone, and then the step with the most nats is taken. Latents read jointly always go through
 * translators, with `auto` to every point before and after a result. A model that writes no chains can still be read raw; what
 * its views then do not know is NaN.
 */
import { RecodiError } from '../run/errors.ts';
import type { Pool } from '../tensor/pool.ts';
import { type Anchor, anchorName, type Point, parseAnchor } from './anchors.ts';
import { fitTask } from './fitTask.ts';
import { columnMean, type Frame, fve, squaredDistance } from './similarity.ts';
import { translate } from './translator.ts';
import { targetVectors, type View, viewId } from './views.ts';

/** Latents [P,N+1,d] of problems, and the states [P,d] that their own chains leave at each anchor; `rows` of those that have it. */
export interface ChainStates {
  readonly latents: Float32Array;
  /** States at the questions' ends [P,d]: what a control reads in the latents' place. */
  readonly questionEnds: Float32Array;
  readonly anchors: readonly {
    readonly anchor: Anchor;
    readonly rows: readonly number[];
    readonly states: Float32Array;
  }[];
}

export interface ViewSettings {
  readonly steps: 'each' | 'joint';
  readonly latents: readonly number[];
  readonly space: 'auto' | 'raw' | 'translated';
  readonly anchors: 'auto' | readonly (Anchor | Point)[];
  readonly whitening: 'pooled' | 'residual' | 'predicted';
  /** `auto` reads raw above this FVE. */
  readonly rawThreshold: number;
  /** Of the translators, times the mean eigenvalue. */
  readonly ridge: number;
}

export interface ViewChoice {
  readonly views: View[];
  /** For each translated view the same with the state at the question's end in the latents' place. */
  readonly controls: View[];
  /** Raw FVE per step and anchor, and each fitted translator, for the table that explains the choice. */
  readonly table: readonly ViewRow[];
}

export interface ViewRow {
  readonly steps: readonly number[];
  readonly anchor: string;
  readonly space: 'raw' | 'translated';
  readonly fve: number;
  readonly nats: number | null;
  readonly chosen: boolean;
}

interface Task {
  readonly pool: Pool;
  readonly d: number;
  /** States per problem, N+1. */
  readonly count: number;
  /** Latents of the training problems [P,N+1,d]. */
  readonly latents: Float32Array;
  /** Their own chains: many to write, and only translators ask for them. */
  train(): Promise<ChainStates>;
  readonly validation: ChainStates;
  /** The pooled frame, centred at the mean of text states. */
  readonly pooled: Frame;
}

export async function chooseViews(task: Task, settings: ViewSettings): Promise<ViewChoice> {
  if (settings.steps === 'joint') return joint(task, settings);
  const table: ViewRow[] = [];
  const views: View[] = [];
  for (const k of settings.latents) {
    const raw = rawRows(task, k);
    const best = raw
      .filter(({ fve }) => Number.isFinite(fve))
      .reduce<ViewRow | undefined>((a, b) => (a && a.fve >= b.fve ? a : b), undefined);
    const near = best !== undefined && best.fve > settings.rawThreshold;
    const readRaw = settings.space === 'raw' || (settings.space === 'auto' && near);
    table.push(...raw.map(row => ({ ...row, chosen: readRaw && row === best })));
    if (readRaw) {
      views.push(rawView(task, k, best));
      continue;
    }
    const fitted = await fitAll(task, [k], settings);
    const kept = settings.anchors === 'auto' ? [mostNats(fitted)] : askedFor(fitted, settings.anchors);
    table.push(...fitted.map(view => row(view, kept.includes(view))));
    views.push(...kept);
  }
  return { views, table, controls: await controlsOf(task, views, settings) };
}

async function joint(task: Task, settings: ViewSettings): Promise<ViewChoice> {
  if (settings.space === 'raw')
    throw new RecodiError(
      'config',
      'targets.steps: joint reads several latents through a translator; set targets.space to auto or translated.',
    );
  const fitted = await fitAll(task, settings.latents, settings);
  const views = settings.anchors === 'auto' ? fitted : askedFor(fitted, settings.anchors);
  const table = fitted.map(view => row(view, views.includes(view)));
  return { views, table, controls: await controlsOf(task, views, settings) };
}

const mostNats = (views: readonly View[]) => views.reduce((a, b) => ((a.nats ?? 0) >= (b.nats ?? 0) ? a : b));

/** Of the fitted views those at the anchors; for a point alone, the one with the most nats among the steps. */
function askedFor(fitted: readonly View[], anchors: readonly (Anchor | Point)[]): View[] {
  const kept = anchors.map(anchor =>
    typeof anchor === 'string'
      ? mostNats(fitted.filter(view => view.anchor!.point === anchor))
      : fitted.find(view => anchorName(view.anchor!) === anchorName(anchor))!,
  );
  return [...new Set(kept)];
}

/** Anchors that a translator of `inputs` numbers may aim at: those asked for, and those at a point that enough own chains reach. */
async function candidates({ train }: Task, { anchors }: ViewSettings, inputs: number): Promise<readonly Anchor[]> {
  const asked: readonly (Anchor | Point)[] = anchors === 'auto' ? ['before', 'result'] : anchors;
  const lists = asked.map(async point => {
    if (typeof point !== 'string') return [point];
    const at = (await train()).anchors.filter(({ anchor }) => anchor.point === point);
    const reached = at.filter(({ rows }) => rows.length >= fewest(inputs)).map(({ anchor }) => anchor);
    if (reached.length > 0) return reached;
    const most = Math.max(0, ...at.map(({ rows }) => rows.length));
    throw new RecodiError(
      'config',
      `targets.space: at most ${most} of the training problems have an own chain that reaches point "${point}" of one and the same step, and a translator of ${inputs} numbers needs ${fewest(inputs)} or more. Ask for more problems (targets.problems.train), read the latents raw, or use a model that writes chains.`,
    );
  });
  return distinct((await Promise.all(lists)).flat());
}

const distinct = (anchors: readonly Anchor[]) => [...new Map(anchors.map(a => [anchorName(a), a])).values()];

/** Problems that a regression on so many numbers needs. */
const fewest = (inputs: number) => 2 * inputs;

function rawRows({ d, count, validation }: Task, k: number): ViewRow[] {
  return validation.anchors.map(({ anchor, rows, states }) => {
    const latents = stepVectors(validation.latents, [k], rows, count, d);
    return {
      steps: [k],
      anchor: anchorName(anchor),
      space: 'raw',
      fve: fve(states, latents, d) ?? Number.NaN,
      nats: null,
      chosen: false,
    };
  });
}

function rawView({ d, count, latents, pooled }: Task, k: number, nearest: ViewRow | undefined): View {
  const vectors = targetVectors({ steps: [k] }, latents, count, d);
  const anchor = nearest && parseAnchor(nearest.anchor);
  return {
    id: viewId([k]),
    steps: [k],
    space: 'raw',
    ...(anchor && { anchor }),
    frame: pooled,
    variance: spread(vectors, d),
    fve: nearest?.fve ?? Number.NaN,
  };
}

async function fitAll(task: Task, steps: readonly number[], settings: ViewSettings): Promise<View[]> {
  const anchors = await candidates(task, settings, steps.length * task.d);
  return Promise.all(anchors.map(anchor => fitView(task, anchor, steps, settings)));
}

function controlsOf(task: Task, views: readonly View[], settings: ViewSettings): Promise<View[]> {
  const translated = views.filter(view => view.space === 'translated');
  return Promise.all(
    translated.map(async view => ({ ...(await fitView(task, view.anchor!, [], settings)), id: view.id })),
  );
}

/** A translated view of `steps` at an anchor; without steps it is the control that reads the question's end. */
async function fitView(
  task: Task,
  anchor: Anchor,
  steps: readonly number[],
  { whitening, ridge }: ViewSettings,
): Promise<View> {
  const { d, count, validation, pool, pooled } = task;
  const train = await task.train();
  const name = anchorName(anchor);
  const at = train.anchors.find(a => anchorName(a.anchor) === name);
  const held = validation.anchors.find(a => anchorName(a.anchor) === name);
  const m = Math.max(1, steps.length) * d;
  if (!at || !held || at.rows.length < fewest(m))
    throw new RecodiError(
      'config',
      `targets.anchors: only ${at?.rows.length ?? 0} training problems have an own chain that reaches ${name}; a translator of ${steps.length} latents needs ${fewest(m)} or more. Ask for another anchor or more problems.`,
    );
  const inputsOf = (set: ChainStates, rows: readonly number[]) =>
    steps.length > 0 ? stepVectors(set.latents, steps, rows, count, d) : stepVectors(set.questionEnds, [0], rows, 1, d);
  const inputs = inputsOf(train, at.rows);
  const fitted = await pool.run(fitTask, { inputs, outputs: at.states, m, d, ridge });
  const predicted = translate(fitted.translator, inputsOf(validation, held.rows));
  const frame = whitening === 'pooled' ? pooled : fitted.frames[whitening];
  return {
    id: viewId(steps, anchor),
    steps,
    space: 'translated',
    anchor,
    translator: fitted.translator,
    frame,
    variance: spread(translate(fitted.translator, inputs), d),
    fve: fve(predicted, held.states, d) ?? Number.NaN,
    nats: fitted.nats,
  };
}

const row = (view: View, chosen: boolean): ViewRow => ({
  steps: view.steps,
  anchor: view.anchor ? anchorName(view.anchor) : '',
  space: view.space,
  fve: view.fve,
  nats: view.nats ?? null,
  chosen,
});

/** Rows of latents [P,n,d] at `steps`, concatenated: [rows, steps·d]. */
function stepVectors(
  latents: Float32Array,
  steps: readonly number[],
  rows: readonly number[],
  count: number,
  d: number,
): Float32Array {
  const out = new Float32Array(rows.length * steps.length * d);
  rows.forEach((p, r) => {
    steps.forEach((k, i) => {
      const from = (p * count + k) * d;
      out.set(latents.subarray(from, from + d), (r * steps.length + i) * d);
    });
  });
  return out;
}

/** Mean squared distance of rows [n,d] from their mean. */
function spread(rows: Float32Array, d: number): number {
  const mean = columnMean(rows, d);
  const n = rows.length / d;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += squaredDistance(rows, i, mean, 0, d);
  return sum / n;
}

/**
 * The map of what a model's latents hold: what linear probes find in each (Alain and Bengio 2016, arXiv 1610.01644), how much of the
 * states of the model's own chains translators make of it, and how far the answer depends on it. Beside single latents and all of
 * them together stand what the same regressions find elsewhere: in the state at the question's end, in another problem's latents, and
 * in the latents of other models about the same questions. What stands there too is no evidence of a thought.
 */
import { stream } from '../run/random.ts';
import type { Pool } from '../tensor/pool.ts';
import { gather } from '../tensor/rows.ts';
import type { Problem, Split, World } from '../worlds/problem.ts';
import { anchorName, anchorsOf } from './anchors.ts';
import type { ChainStates } from './chooseViews.ts';
import type { LrmClient } from './client.ts';
import { fitTask } from './fitTask.ts';
import { type PerIntervention, perIntervention } from './interventions.ts';
import { probeTask } from './probeTask.ts';
import { fve } from './similarity.ts';
import { stepShape } from './stepShape.ts';
import { chainStates, collectTargets, type TargetSet } from './targets.ts';
import { translate } from './translator.ts';
import { targetVectors, viewId } from './views.ts';

export interface ProbeSettings {
  /** Training problems that are fitted on. */
  readonly problems: number;
  readonly held: number;
  /** Of the problems; default: the most that the world's problems have. */
  readonly steps?: number;
  /** Other models, by the names that the map gives them. */
  readonly beside: ReadonlyMap<string, LrmClient>;
  readonly seed: number;
}

export interface LatentMap {
  readonly problems: number;
  readonly held: number;
  readonly steps: number;
  /** By content (`result 1`), the share of held-out problems that have the most frequent class. */
  readonly majority: Readonly<Record<string, number>>;
  readonly rows: readonly MapRow[];
}

export interface MapRow {
  /** `k3`, `k0-4`, `question end`, `another problem`, or the name of another model. */
  readonly source: string;
  /** By content, the share of held-out problems in which the probe finds it. */
  readonly probes: Readonly<Record<string, number>>;
  /** By anchor, of the translator: FVE on held-out problems, and nats; absent where too few own chains reach it. */
  readonly anchors: Readonly<Record<string, { readonly fve: number; readonly nats: number }>>;
  /** Of single latents: the share of interventions that change the answer. */
  readonly causal?: PerIntervention<number | null>;
}

const POINTS = ['before', 'result'];
const RIDGE = 1e-3;

/** Vectors [P,m] of a set's problems. */
interface Source {
  readonly name: string;
  readonly m: number;
  readonly train: Float32Array;
  readonly held: Float32Array;
  readonly causal?: PerIntervention<number | null>;
}

export type ProbeProgress = (what: string, done: number, total: number) => void;

interface Work {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly onProgress?: ProbeProgress;
}

export async function probeLatents(
  client: LrmClient,
  world: World,
  settings: ProbeSettings,
  work: Work,
): Promise<LatentMap> {
  const { problems: count, held: heldCount, steps = mostSteps(world, settings.seed) } = settings;
  const problemsOf = (split: Split, n: number) => world.problems({ split, count: n, seed: settings.seed, steps });
  const problems = { train: problemsOf('train', count), held: problemsOf('validation', heldCount) };
  const thoughts = await thoughtsOf(client, world, problems, work);
  const sources = [...ownSources(client, thoughts), ...(await otherSources(settings.beside, problems, work))];
  const contents = contentsOf(problems.train, problems.held);
  let done = 0;
  const rows = await Promise.all(
    sources.map(async (source): Promise<MapRow> => {
      const [probes, anchors] = await Promise.all([
        probesOf(source, contents, work),
        translatorsOf(source, thoughts, { ...work, d: client.lrm.spec.model.hiddenSize }),
      ]);
      work.onProgress?.('fitting', ++done, sources.length);
      const { name, causal } = source;
      return { source: name, probes, anchors, ...(causal && { causal }) };
    }),
  );
  const majority = contents.map(({ name, classes, heldClasses }) => [name, most(classes, heldClasses)] as const);
  return { problems: count, held: heldCount, steps, majority: Object.fromEntries(majority), rows };
}

/** Something of the problems that are fitted on, and of those held out. */
type Both<T> = Readonly<Record<'train' | 'held', T>>;
type ProblemSets = Both<readonly Problem[]>;

interface ProbedThoughts {
  readonly latents: Both<TargetSet>;
  readonly chains: Both<ChainStates>;
}

/** What the model thinks of the problems, and writes of them. Its chains are read without their questions. */
async function thoughtsOf(client: LrmClient, world: World, problems: ProblemSets, work: Work): Promise<ProbedThoughts> {
  const latents = {
    train: await think(client, 'train', problems.train, work),
    held: await think(client, 'validation', problems.held, work, true),
  };
  const anchors = anchorsOf(world.chain(problems.train[0]!).length).filter(({ point }) => POINTS.includes(point));
  const shape = { anchors, step: stepShape(client, world, problems.train), context: 'none' } as const;
  const { onProgress } = work;
  onProgress?.('reading the own chains', 0, 2);
  const train = await chainStates(client, latents.train, shape);
  onProgress?.('reading the own chains', 1, 2);
  const held = await chainStates(client, latents.held, shape);
  onProgress?.('reading the own chains', 2, 2);
  return { latents, chains: { train, held } };
}

function think(
  client: LrmClient,
  split: Split,
  problems: readonly Problem[],
  { onProgress }: Work,
  causal = false,
): Promise<TargetSet> {
  const tick = (done: number, total: number) => onProgress?.(`thinking about ${split} problems`, done, total);
  return collectTargets(client, { split, problems, causal, onProgress: tick });
}

/** Each latent, all of them, and what of the same model they are held against. */
function ownSources({ lrm: { spec } }: LrmClient, { latents, chains }: ProbedThoughts): Source[] {
  const count = spec.latents + 1;
  const d = spec.model.hiddenSize;
  const all = Array.from({ length: count }, (_, k) => k);
  const vectors = (ks: readonly number[]) => {
    const of = ({ states }: TargetSet) => targetVectors({ steps: ks }, states, count, d);
    return { m: ks.length * d, train: of(latents.train), held: of(latents.held) };
  };
  const joint = vectors(all);
  const { causal } = latents.held;
  return [
    ...all.map(k => ({
      name: `k${k}`,
      ...vectors([k]),
      ...(causal && { causal: perIntervention((site, kind) => meanAt(causal[site][kind], k, count)) }),
    })),
    { name: viewId(all), ...joint },
    { name: 'question end', m: d, train: chains.train.questionEnds, held: chains.held.questionEnds },
    { name: 'another problem', m: joint.m, train: rolled(joint.train, joint.m), held: rolled(joint.held, joint.m) },
  ];
}

/** All latents of each other model, about the same questions. */
function otherSources(beside: ProbeSettings['beside'], problems: ProblemSets, work: Work): Promise<Source[]> {
  return Promise.all(
    [...beside].map(async ([name, client]) => {
      const { latents, model } = client.lrm.spec;
      const { states: train } = await think(client, 'train', problems.train, work);
      const { states: held } = await think(client, 'validation', problems.held, work);
      return { name, m: (latents + 1) * model.hiddenSize, train, held };
    }),
  );
}

async function probesOf({ m, train, held }: Source, contents: readonly Content[], { pool, signal }: Work) {
  const request = {
    ...{ inputs: train, heldInputs: held, m, ridge: RIDGE },
    classes: contents.map(({ classes }) => classes),
    heldClasses: contents.map(({ heldClasses }) => heldClasses),
  };
  const found = await pool.run(probeTask, request, { signal });
  return Object.fromEntries(contents.map(({ name }, i) => [name, found[i]!]));
}

/** Of the first problems that the world tells. */
function mostSteps(world: World, seed: number): number {
  const rng = stream(seed, 'probe steps');
  return Math.max(...Array.from({ length: 50 }, () => world.generator('train', rng).steps.length));
}

async function translatorsOf(
  { m, train, held }: Source,
  { chains }: ProbedThoughts,
  { pool, signal, d }: Work & { readonly d: number },
): Promise<MapRow['anchors']> {
  const fits = chains.train.anchors.map(async ({ anchor, rows, states }, a) => {
    const { rows: heldRows, states: heldStates } = chains.held.anchors[a]!;
    if (rows.length < 2 * m || heldRows.length < 2) return [];
    const fit = { inputs: gather(train, rows, m), outputs: states, m, d, ridge: RIDGE };
    const { translator, nats } = await pool.run(fitTask, fit, { signal });
    const explained = fve(translate(translator, gather(held, heldRows, m)), heldStates, d);
    return explained === null ? [] : [[anchorName(anchor), { fve: explained, nats }] as const];
  });
  return Object.fromEntries((await Promise.all(fits)).flat());
}

/** The mean over problems of [P,N+1] scores of state k; null where none was tried. */
function meanAt(scores: Float32Array, k: number, states: number): number | null {
  const own = scores.filter((score, at) => at % states === k && !Number.isNaN(score));
  return own.length === 0 ? null : own.reduce((a, b) => a + b, 0) / own.length;
}

/** Rows [n,m], each in the place of the one before it. */
function rolled(rows: Float32Array, m: number): Float32Array {
  const out = new Float32Array(rows.length);
  out.set(rows.subarray(m));
  out.set(rows.subarray(0, m), rows.length - m);
  return out;
}

interface Content {
  readonly name: string;
  readonly classes: readonly number[];
  readonly heldClasses: readonly number[];
}

/** What problems' steps say of themselves, as classes: of each step its operation, its last operand and its result. */
function contentsOf(train: readonly Problem[], held: readonly Problem[]): Content[] {
  const parts = {
    operation: ({ operation }: Problem['steps'][number]) => operation,
    operand: ({ operands }: Problem['steps'][number]) => operands?.at(-1),
    result: ({ result }: Problem['steps'][number]) => result,
  };
  return train[0]!.steps.flatMap((_, j) =>
    Object.entries(parts).flatMap(([name, part]) => {
      const values = train.map(problem => part(problem.steps[j]!));
      if (values.includes(undefined)) return [];
      const known = [...new Set(values)];
      const classes = values.map(value => known.indexOf(value));
      return [
        { name: `${name} ${j + 1}`, classes, heldClasses: held.map(problem => known.indexOf(part(problem.steps[j]!))) },
      ];
    }),
  );
}

/** How often held-out problems have the class that is most frequent in fitting. */
function most(classes: readonly number[], held: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const found of classes) counts.set(found, (counts.get(found) ?? 0) + 1);
  const [[common]] = [...counts].sort((a, b) => b[1] - a[1]) as [[number, number]];
  return held.filter(found => found === common).length / held.length;
}

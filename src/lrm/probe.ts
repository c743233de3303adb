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
import { chainStates, collectTargets } from './targets.ts';
import { translate } from './translator.ts';
import { targetVectors } from './views.ts';

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

export async function probeLatents(
  client: LrmClient,
  world: World,
  settings: ProbeSettings,
  { pool, signal, onProgress }: { pool: Pool; signal: AbortSignal; onProgress?: ProbeProgress },
): Promise<LatentMap> {
  const { seed, problems: count, held: heldCount } = settings;
  const steps = settings.steps ?? mostSteps(world, seed);
  const think = (split: Split, problems: readonly Problem[], on = client) =>
    collectTargets(on, {
      split,
      problems,
      causal: split !== 'train' && on === client,
      onProgress: (done, total) => onProgress?.(`thinking about ${split} problems`, done, total),
    });
  const problemsOf = (split: Split, n: number) => world.problems({ split, count: n, seed, steps });
  const [trainProblems, heldProblems] = [problemsOf('train', count), problemsOf('validation', heldCount)];
  const train = await think('train', trainProblems);
  const held = await think('validation', heldProblems);
  const anchors = anchorsOf(world.chain(trainProblems[0]!).length).filter(({ point }) => POINTS.includes(point));
  const step = stepShape(client, world, trainProblems);
  onProgress?.('reading the own chains', 0, 2);
  const chains = await chainStates(client, train, { anchors, step, context: 'none' });
  onProgress?.('reading the own chains', 1, 2);
  const heldChains = await chainStates(client, held, { anchors, step, context: 'none' });

  const { latents, model } = client.lrm.spec;
  const d = model.hiddenSize;
  const all = Array.from({ length: latents + 1 }, (_, k) => k);
  const vectors = (states: Float32Array, ks = all) => targetVectors({ steps: ks }, states, latents + 1, d);
  const joint = { m: all.length * d, train: vectors(train.states), held: vectors(held.states) };
  const others = await Promise.all(
    [...settings.beside].map(async ([name, other]): Promise<Source> => {
      const m = (other.lrm.spec.latents + 1) * other.lrm.spec.model.hiddenSize;
      const states = async (split: Split, list: readonly Problem[]) => (await think(split, list, other)).states;
      return { name, m, train: await states('train', trainProblems), held: await states('validation', heldProblems) };
    }),
  );
  const sources: Source[] = [
    ...all.map(k => ({
      name: `k${k}`,
      m: d,
      train: vectors(train.states, [k]),
      held: vectors(held.states, [k]),
      causal: perIntervention((site, kind) => meanAt(held.causal![site][kind], k, all.length)),
    })),
    { name: `k0-${latents}`, ...joint },
    { name: 'question end', m: d, train: chains.questionEnds, held: heldChains.questionEnds },
    { name: 'another problem', m: joint.m, train: rolled(joint.train, joint.m), held: rolled(joint.held, joint.m) },
    ...others,
  ];

  const contents = contentsOf(trainProblems, heldProblems);
  let done = 0;
  const rows = await Promise.all(
    sources.map(async (source): Promise<MapRow> => {
      const { name, m, train: inputs, held: heldInputs, causal } = source;
      const [found, translators] = await Promise.all([
        pool.run(
          probeTask,
          {
            inputs,
            heldInputs,
            m,
            ridge: RIDGE,
            classes: contents.map(content => content.classes),
            heldClasses: contents.map(content => content.heldClasses),
          },
          { signal },
        ),
        translatorsOf(source, { pool, signal, d, chains, heldChains }),
      ]);
      onProgress?.('fitting', ++done, sources.length);
      return {
        source: name,
        probes: Object.fromEntries(contents.map((content, i) => [content.name, found[i]!])),
        anchors: translators,
        ...(causal && { causal }),
      };
    }),
  );
  const majority = Object.fromEntries(
    contents.map(({ name, classes, heldClasses }) => [name, most(classes, heldClasses)]),
  );
  return { problems: count, held: heldCount, steps, majority, rows };
}

/** Of the first problems that the world tells. */
function mostSteps(world: World, seed: number): number {
  const rng = stream(seed, 'probe steps');
  return Math.max(...Array.from({ length: 50 }, () => world.generator('train', rng).steps.length));
}

interface Fits {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly d: number;
  readonly chains: ChainStates;
  readonly heldChains: ChainStates;
}

async function translatorsOf({ m, train, held }: Source, { pool, signal, d, chains, heldChains }: Fits) {
  const fits = chains.anchors.map(async ({ anchor, rows, states }, a) => {
    const { rows: heldRows, states: heldStates } = heldChains.anchors[a]!;
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

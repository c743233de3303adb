/**
 * Targets: latent thoughts collected from a frozen model, with what is needed to invert and to judge them: its answers,
 * lens tokens, and for held-out problems the causal scores. Which states are read, and how, is said by the views
 * (views.ts); how they lie on the disk, by targetFiles.ts. Splits are by problem: two steps of one never part.
 */
import { memo } from '../run/memo.ts';
import { stream } from '../run/random.ts';
import type { Pool } from '../tensor/pool.ts';
import { gather } from '../tensor/rows.ts';
import { freeText } from '../worlds/freeText.ts';
import type { Problem, Split, World } from '../worlds/problem.ts';
import { type Anchor, anchorsOf } from './anchors.ts';
import { type ChainStates, chooseViews, type ViewChoice, type ViewSettings } from './chooseViews.ts';
import type { LrmClient, Progress } from './client.ts';
import type { Context } from './context.ts';
import { explicitChains } from './evaluate.ts';
import { type CausalScores, perIntervention } from './interventions.ts';
import { columnDeviation, columnMean, covariance, type Frame, pooledWhitening } from './similarity.ts';
import { type StepShape, stepShape } from './stepShape.ts';
import type { TextStatistics } from './views.ts';

/** Problems of one split with the thoughts that the model had about them. */
export interface TargetSet {
  readonly split: Split;
  readonly problems: readonly Problem[];
  /** [P,N+1,d] */
  readonly states: Float32Array;
  /** First token of the model's answer, [P]. */
  readonly answers: Int32Array;
  /** [P,N+1,LENS_TOP] token ids. */
  readonly lens: Int32Array;
  /** Absent for training problems. */
  readonly causal?: CausalScores;
}

/** The problems of a set at `rows`, with all that is known of them. */
export function problemsAt(
  set: TargetSet,
  rows: readonly number[],
  { lrm: { spec } }: Pick<LrmClient, 'lrm'>,
): TargetSet {
  const states = spec.latents + 1;
  const { causal } = set;
  return {
    split: set.split,
    problems: rows.map(row => set.problems[row]!),
    states: gather(set.states, rows, states * spec.model.hiddenSize),
    answers: gather(set.answers, rows, 1),
    lens: gather(set.lens, rows, set.lens.length / set.problems.length),
    ...(causal && { causal: perIntervention((site, kind) => gather(causal[site][kind], rows, states)) }),
  };
}

export interface ThinkRequest {
  readonly split: Split;
  readonly problems: readonly Problem[];
  readonly causal: boolean;
  readonly onProgress?: Progress;
}

/** Lets the model think about problems. */
export async function collectTargets(
  client: LrmClient,
  { split, problems, causal, onProgress }: ThinkRequest,
): Promise<TargetSet> {
  const questions = problems.map(p => client.lrm.tokenizer.encode(p.question));
  const thoughts = await client.think(questions, onProgress && !causal ? { onProgress } : {});
  const set = { split, problems, ...thoughts };
  return causal ? { ...set, causal: await client.causal(questions, onProgress ? { onProgress } : {}) } : set;
}

export interface FreeTexts {
  readonly texts: readonly string[];
  /** Token ids of the question that each text was read with. */
  readonly questions: readonly (readonly number[])[];
  /** [texts,d] */
  readonly states: Float32Array;
}

export interface FreeTextsRequest {
  readonly count: number;
  readonly maxWords: number;
  readonly seed: number;
  readonly purpose: string;
}

/** Free texts, each with the problem that it is read with. */
export function drawFreeTexts(
  world: World,
  problems: readonly Problem[],
  { count, maxWords, seed, purpose }: FreeTextsRequest,
): { readonly problem: Problem; readonly text: string }[] {
  const rng = stream(seed, purpose);
  return Array.from({ length: count }, (_, i) => {
    const problem = problems[i % problems.length]!;
    const other = problems[Math.floor(rng() * problems.length)]!;
    return { problem, text: freeText(world, problem, other, rng, maxWords) };
  });
}

/** Free texts of problems and their readouts. */
export async function readFreeTexts(
  client: LrmClient,
  world: World,
  problems: readonly Problem[],
  request: FreeTextsRequest & { readonly context: Context; readonly onProgress?: Progress },
): Promise<FreeTexts> {
  const { encode } = client.lrm.tokenizer;
  const picks = drawFreeTexts(world, problems, request);
  const questions = picks.map(p => encode(p.problem.question));
  const states = await client.read({
    context: request.context,
    questions,
    texts: picks.map(p => [encode(p.text)]),
    ...(request.onProgress && { onProgress: request.onProgress }),
  });
  return { texts: picks.map(p => p.text), questions, states };
}

export interface ViewsRequest {
  readonly pool: Pool;
  readonly world: World;
  readonly train: TargetSet;
  readonly validation: TargetSet;
  readonly settings: ViewSettings;
  readonly ridge: number;
  readonly maxWords: number;
  /** In which texts, and the model's own chains, are read. */
  readonly context: Context;
  readonly seed: number;
}

const TEXT_SAMPLE = 2000;

/** Text statistics, the pooled frame, and the views that fit this model. */
export async function makeViews(
  client: LrmClient,
  request: ViewsRequest,
): Promise<ViewChoice & { text: TextStatistics }> {
  const { pool, world, train, validation, settings, seed } = request;
  const { spec } = client.lrm;
  const d = spec.model.hiddenSize;
  const count = spec.latents + 1;
  const free = await readFreeTexts(client, world, train.problems, {
    count: TEXT_SAMPLE,
    maxWords: request.maxWords,
    context: request.context,
    seed,
    purpose: 'targets.text',
  });
  const text = { mean: columnMean(free.states, d), deviation: columnDeviation(free.states, d) };
  const pooled: Frame = {
    centre: text.mean,
    whitening: pooledWhitening(covariance(centred(free.states, train.states, count, d), d), request.ridge),
  };
  const anchors = anchorsOf(Math.max(...train.problems.map(p => world.chain(p).length)));
  const chains = async (set: TargetSet) =>
    chainStates(client, set, { anchors, step: stepShape(client, world, set.problems), context: request.context });
  const choice = await chooseViews(
    {
      pool,
      d,
      count,
      latents: train.states,
      train: memo(() => chains(train)),
      validation: await chains(validation),
      pooled,
    },
    settings,
  );
  return { ...choice, text };
}

/** Text states and latents, each centred (latents per step), pooled: what the pooled whitening is made of. */
function centred(texts: Float32Array, states: Float32Array, count: number, d: number): Float32Array {
  const textMean = columnMean(texts, d);
  const stateMean = columnMean(states, count * d);
  const every = 3;
  const problems = Math.floor(states.length / (count * d));
  const kept: Float32Array[] = [texts.map((x, i) => x - textMean[i % d]!)];
  for (let p = 0; p < problems; p += every) {
    kept.push(states.subarray(p * count * d, (p + 1) * count * d).map((x, i) => x - stateMean[i]!));
  }
  const out = new Float32Array(kept.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of kept) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** States that the model's own explicit chains, read in a context, leave at anchors; and those at the questions' ends. */
export async function chainStates(
  client: LrmClient,
  set: TargetSet,
  { anchors, step, context }: { anchors: readonly Anchor[]; step: StepShape; context: Context },
): Promise<ChainStates> {
  const questions = set.problems.map(p => client.lrm.tokenizer.encode(p.question));
  const chains = (await explicitChains(client, questions)).map(c => c.chain);
  const at = chains.map(chain => anchors.map(anchor => step.position(chain, anchor) ?? 0));
  const states = await client.read({ context, questions, texts: chains.map(c => [c]), at: at.map(row => [row]) });
  const d = client.lrm.spec.model.hiddenSize;
  const pick = (column: number, rows: readonly number[]) => {
    const picked = new Float32Array(rows.length * d);
    rows.forEach((p, r) => {
      const from = (p * anchors.length + column) * d;
      picked.set(states.subarray(from, from + d), r * d);
    });
    return picked;
  };
  return {
    latents: set.states,
    questionEnds: await questionEnds(client, questions),
    anchors: anchors.map((anchor, a) => {
      const rows = at.flatMap((row, p) => (row[a]! > 0 ? [p] : []));
      return { anchor, rows, states: pick(a, rows) };
    }),
  };
}

/** What the model knows before it thinks: its states at the ends of questions [P,d]. */
export function questionEnds(client: LrmClient, questions: readonly (readonly number[])[]): Promise<Float32Array> {
  return client.read({ context: 'question', questions, texts: questions.map(() => [[]]) });
}

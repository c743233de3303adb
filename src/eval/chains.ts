/**
 * Our reading beside the strongest peers: on the same held-out problems, the chain that each says the model went through. Compared are
 *
 *  - `ours`: what `eval.decode` finds at the view that speaks of the latest step, the steps before included;
 *  - `projection`: vocabulary projection with forward chaining (projection.ts), with the 10 likeliest tokens of each state;
 *  - `projection_verified`: its best chain whose every step passes the edit check, and none where there is no such chain;
 *  - `lens`: the same forward chaining on the likeliest token of each state alone.
 *
 * Fair to all: none sees gold; the chain must end in the model's predicted answer; and where it stops short of it, one function closes
 * it for all of them, with the last result and a number of the question (equations.ts). Unlike our texts, which are proposed without
 * the question, the peers take operands from it, and operators from what fits. `swapped` says what that gives by chance: the chains that
 * are found where another problem's reading stands in for the own.
 *
 * And how well each tells right answers from wrong ones: a score per problem from the reading alone, a sum of tests worth about 1 each,
 * fitted on nothing. Ours: the chain closes; the readings of earlier steps say how it begins; the share of edits that it followed (½
 * where none was tried); and its swap gap. Peers: a chain is found; 1 / (1 + rank); verified: and the share of its steps that passed.
 */
import type { TargetSet } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { shuffled, stream } from '../run/random.ts';
import type { Problem } from '../worlds/problem.ts';
import { auroc } from './auroc.ts';
import type { Bench } from './bench.ts';
import { type BootstrapSettings, bootstrap, bootstrapStatistic, type Figure } from './bootstrap.ts';
import { close, type Equation, equationsOf, isGold, numbersTold, same } from './equations.ts';
import { type EditedReading, readableEdits } from './follows.ts';
import { project, TOP } from './projected.ts';
import {
  checkSteps,
  type EditedProjection,
  forwardChains,
  type ProjectedChain,
  type Projection,
} from './projection.ts';

export interface ChainFigures {
  /** Share of problems with a chain that ends in the predicted answer. */
  readonly found: Figure;
  /** Share of problems with the gold chain, whole; 0 by definition where the answer is wrong. */
  readonly gold: Figure;
}

export interface MethodTable {
  readonly correct: ChainFigures;
  readonly incorrect: ChainFigures;
  /** Share of all problems with a chain where another problem's reading stands in for the own. */
  readonly swapped: Figure;
  /** Of the score against the answer being right; null where all answers are right, or none. */
  readonly auroc: Figure;
}

export const METHODS = ['ours', 'projection', 'projection_verified', 'lens'] as const;
export type Method = (typeof METHODS)[number];

export interface ChainsTable {
  /** By which ours reads. */
  readonly view: string;
  /** Problems that the model answers correctly, and incorrectly. */
  readonly problems: { readonly correct: number; readonly incorrect: number };
  readonly methods: Readonly<Record<Method, MethodTable>>;
}

/** A view's texts, found by `eval.decode`, one per problem. */
export interface ViewReading {
  readonly view: View;
  readonly texts: readonly string[];
  readonly gap: ArrayLike<number>;
  readonly edited: readonly EditedReading[];
}

/** What a method says of one problem. */
interface Said {
  readonly chain: readonly Equation[] | undefined;
  readonly score: number;
}

/** Edits per number of a question. */
const EDITS = 2;

/** null where chains are no equations, or no view says of which step it speaks. */
export async function measureChains(
  bench: Bench,
  { problems, answers }: Pick<TargetSet, 'problems' | 'answers'>,
  readings: readonly ViewReading[],
  settings: (name: string) => BootstrapSettings,
): Promise<ChainsTable | null> {
  const furthest = furthestOf(readings);
  if (!bench.world.equations || !furthest) return null;
  const told = problems.map(problem => numbersTold(problem.question));
  const { encode } = bench.client.lrm.tokenizer;
  const right = problems.map((problem, i) => encode(problem.answer)[0] === answers[i]);
  const { own, edited } = await projections(bench, problems);
  const ours = oursFrom(readings, furthest, told, own);
  /** What the methods say of problem `row`, by what was seen of problem `from`. */
  const say = (row: number, from: number): Record<Method, Said> => {
    const seen: Projection = { answer: own[row]!.answer, shown: own[from]!.shown };
    const chains = forwardChains(seen, told[row]!, TOP);
    return {
      ours: ours(row, from),
      projection: bestOf(chains),
      projection_verified: verified(chains, edited[row]!),
      lens: bestOf(forwardChains({ ...seen, shown: seen.shown.map(likeliest) }, told[row]!, 1)),
    };
  };
  const all = problems.map((_, i) => say(i, i));
  const others = problems.map((_, i) => say(i, (i + 1) % problems.length));
  const wrong = right.map(is => !is);
  const everyone = right.map(() => true);
  const table = (method: Method): MethodTable => {
    const said = all.map(one => one[method]);
    const shareOf = (name: string, rows: readonly boolean[], holds: (row: number) => boolean) =>
      bootstrap(
        { numerator: rows.map((is, i) => Number(is && holds(i))), denominator: rows.map(Number) },
        settings(`${method} ${name}`),
      );
    const figures = (name: string, rows: readonly boolean[]): ChainFigures => ({
      found: shareOf(`${name} found`, rows, i => said[i]!.chain !== undefined),
      gold: shareOf(`${name} gold`, rows, i => isGold(said[i]!.chain ?? [], problems[i]!)),
    });
    const area = (problemAt: (place: number) => number) => {
      const rows = problems.map((_, place) => problemAt(place));
      return auroc(
        rows.map(row => said[row]!.score),
        rows.map(row => right[row]!),
      );
    };
    return {
      correct: figures('correct', right),
      incorrect: figures('incorrect', wrong),
      swapped: shareOf('swapped', everyone, i => others[i]![method].chain !== undefined),
      auroc: bootstrapStatistic(area, problems.length, settings(`${method} auroc`)),
    };
  };
  const correct = right.filter(Boolean).length;
  return {
    view: furthest.view.id,
    problems: { correct, incorrect: problems.length - correct },
    methods: Object.fromEntries(METHODS.map(method => [method, table(method)])) as Record<Method, MethodTable>,
  };
}

/** Of the views that speak of the latest step the one whose targets are explained best. */
function furthestOf(readings: readonly ViewReading[]): ViewReading | undefined {
  const anchored = readings.filter(({ view }) => view.anchor);
  return anchored.sort((a, b) => b.view.anchor!.step - a.view.anchor!.step || b.view.fve - a.view.fve)[0];
}

function oursFrom(
  readings: readonly ViewReading[],
  furthest: ViewReading,
  told: readonly (readonly number[])[],
  own: readonly Projection[],
): (row: number, from: number) => Said {
  const earlier = readings.filter(({ view }) => view.anchor && view.anchor.step < furthest.view.anchor!.step);
  const followed = new Map<number, boolean[]>();
  for (const { row, follows } of furthest.edited) followed.set(row, [...(followed.get(row) ?? []), follows]);
  return (row, from) => {
    const read = equationsOf(furthest.texts[from]!);
    const chain = close(read, told[row]!, own[row]!.answer);
    const begins = earlier.map(({ texts }) =>
      equationsOf(texts[from]!).every((one, j) => read[j] !== undefined && same(one, read[j])),
    );
    const follows = followed.get(from);
    const score = Number(chain !== undefined) + share(begins) + (follows ? share(follows) : 0.5) + furthest.gap[from]!;
    return { chain, score };
  };
}

function bestOf([best]: readonly ProjectedChain[]): Said {
  return { chain: best?.chain, score: best ? 1 + 1 / (1 + best.rank) : 0 };
}

/** Steps that no edit can try are not held against a chain, where one step at least is tried. */
function verified(chains: readonly ProjectedChain[], edited: readonly EditedProjection[]): Said {
  const passes = (checks: readonly (boolean | null)[]) => checks.includes(true) && !checks.includes(false);
  const whole = chains.find(chain => passes(checkSteps(chain, edited)));
  const best = whole ?? chains[0];
  if (!best) return { chain: undefined, score: 0 };
  const passed = share(checkSteps(best, edited).map(Boolean));
  return { chain: whole?.chain, score: Number(whole !== undefined) + passed + 1 / (1 + best.rank) };
}

const likeliest = (shown: Projection['shown'][number]) => shown.filter(({ rank }) => rank === 0);

const share = (holds: readonly boolean[]) => holds.filter(Boolean).length / Math.max(1, holds.length);

/** What the model's head shows of its thoughts about problems, and about their edited questions. */
async function projections(
  bench: Bench,
  problems: readonly Problem[],
): Promise<{ own: readonly Projection[]; edited: readonly (readonly EditedProjection[])[] }> {
  const { client, config } = bench;
  const { encode } = client.lrm.tokenizer;
  const edits = problems.flatMap((problem, row) => {
    const rng = stream(config.seed, `edits projection ${problem.id}`);
    const possible = shuffled(rng, readableEdits(bench, problem));
    const numbers = new Set(possible.map(({ from }) => from));
    return [...numbers].flatMap(number =>
      possible
        .filter(({ from }) => from === number)
        .slice(0, EDITS)
        .map(edit => ({ row, edit })),
    );
  });
  const questions = [...problems, ...edits.map(({ edit }) => edit)].map(({ question }) => encode(question));
  const projected = await project(bench, questions);
  const edited: EditedProjection[][] = problems.map(() => []);
  edits.forEach(({ row, edit }, i) => {
    edited[row]!.push({ edit, projection: projected[problems.length + i]! });
  });
  return { own: projected.slice(0, problems.length), edited };
}

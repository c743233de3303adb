/**
 * `recodi oracle eval`: what an oracle's answers are worth on problems that it has never met. Each task is asked in the ways of its
 * training and in ways that were kept back, and again with another problem's vectors; beside it stand the most frequent answer and a
 * linear probe. Free questions, which no training row holds, are judged by the gold steps alone. One case per problem and task is
 * asked, so that intervals are over problems.
 */
import { bootstrap, type Figure } from '../eval/bootstrap.ts';
import { pick, stream } from '../run/random.ts';
import { isNumber } from '../worlds/notation.ts';
import { type Answering, answerAll } from './answer.ts';
import { majorityShare, type Probing, probeShare } from './baselines.ts';
import type { Collected, FactSet } from './collect.ts';
import type { OracleConfig } from './config.ts';
import type { Reading } from './facts.ts';
import { casesOf, type Found, type Question, worded } from './rows.ts';
import { type Named, namedIn, sameAnswer, sameNumbers, tokenF1, withinOne } from './score.ts';
import { type OracleTask, TASKS, taskNamed } from './tasks/index.ts';
import { CANNOT_TELL } from './tasks/task.ts';

export interface TaskFigures {
  readonly source: string;
  readonly problems: number;
  /** Asked as in training, in ways kept back, and as in training about another problem's vectors. */
  readonly exact: Figure;
  readonly held: Figure | null;
  readonly shuffled: Figure;
  readonly f1: Figure;
  /** Steps that are right or beside it. */
  readonly within_one?: Figure;
  /** The most frequent training answer, and a linear probe. */
  readonly majority: number;
  readonly probe?: number;
}

export interface FreeFigures {
  readonly question: string;
  /** Whose vectors were shown, and what is judged. */
  readonly steps: readonly number[];
  readonly asks: string;
  readonly problems: number;
  readonly oracle: Figure;
  readonly shuffled: Figure;
  /** The first number that the lens shows of the last step; null where no number is asked for. */
  readonly lens: number | null;
  /** The label's own text, on labelled problems that were not trained on; null without labels. */
  readonly label: number | null;
}

export interface OracleEvaluation {
  readonly format: 1;
  readonly name: string;
  readonly run: string;
  readonly seed: number;
  readonly step: number;
  readonly tasks: Readonly<Record<string, TaskFigures>>;
  readonly free: readonly FreeFigures[];
  /** Of latents with an accepted label, and of those without: how many the oracle says it cannot tell; null where there are none. */
  readonly cannot_tell: { readonly accepted: number | null; readonly others: number | null };
}

interface Free {
  readonly question: string;
  readonly asks: string;
  right(named: Named, gold: Reading): boolean;
}

const goldOf = ({ text }: Reading) => namedIn(text ?? '');

/** Each is asked of every place that the world knows something of. */
const THINKING = 'What is the model thinking about at this step ?';
const COMBINING = 'Which numbers is it combining ?';
const DOING = 'What will it do with this result ?';
export const FREE: readonly Free[] = [
  { question: THINKING, asks: 'result', right: ({ result }, gold) => result === goldOf(gold).result },
  { question: THINKING, asks: 'operation', right: ({ operation }, gold) => operation === goldOf(gold).operation },
  {
    question: COMBINING,
    asks: 'operands',
    right: ({ operands }, gold) => sameNumbers(operands, goldOf(gold).operands),
  },
  { question: DOING, asks: 'next result', right: ({ result }, { next }) => result === namedIn(next ?? '').result },
];

export interface Evaluating extends Omit<Answering, 'maxNewTokens'> {
  readonly config: OracleConfig;
  readonly collected: Collected;
  readonly step: number;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

export async function evaluateOracle(evaluating: Evaluating): Promise<OracleEvaluation> {
  const { config, step } = evaluating;
  const asked = TASKS.filter(({ name }) => config.tasks[name] !== undefined && name !== 'unreadable');
  const tasks: Record<string, TaskFigures> = {};
  for (const [i, task] of asked.entries()) {
    evaluating.onProgress?.(task.name, i, asked.length + 2);
    const figures = await taskFigures(evaluating, task);
    if (figures) tasks[task.name] = figures;
  }
  evaluating.onProgress?.('free questions', asked.length, asked.length + 2);
  const free = await freeFigures(evaluating);
  evaluating.onProgress?.('unreadable latents', asked.length + 1, asked.length + 2);
  const cannotTell = await cannotTellFigures(evaluating);
  evaluating.onProgress?.('done', asked.length + 2, asked.length + 2);
  const { name, run, seed } = config;
  return { format: 1, name, run, seed, step, tasks, free, cannot_tell: cannotTell };
}

/** The mean over problems, with its interval. */
function figure({ config }: Evaluating, name: string, values: readonly number[]): Figure {
  const { bootstrap: resamples, confidence } = config.eval;
  const rng = stream(config.seed, `oracle bootstrap ${name}`);
  return bootstrap({ numerator: Float64Array.from(values) }, { resamples, confidence, rng });
}

const share = (values: readonly boolean[]) => values.map(Number);

/** Another problem of a set of n, for each. */
const others = (problems: readonly number[], n: number) => problems.map(problem => (problem + Math.ceil(n / 2)) % n);

const answersTo = (
  { config, ...answering }: Evaluating,
  set: FactSet,
  questions: readonly Question[],
  whose?: readonly number[],
) => answerAll({ ...answering, set, maxNewTokens: config.max_new_tokens }, questions, whose ? { whose } : {});

async function taskFigures(evaluating: Evaluating, task: OracleTask): Promise<TaskFigures | undefined> {
  const { config, collected, pool, signal } = evaluating;
  const { parts, client } = collected;
  const { latents, model } = client.lrm.spec;
  const { train, test } = parts;
  const all = casesOf(task, test, config.seed);
  if (all.length === 0) return undefined;
  const draw = stream(config.seed, `oracle.eval.${task.name}`);
  const each = grouped(all, ({ problem }) => problem);
  const cases = [...each.values()].map(own => pick(draw, own));
  const questions = (held: boolean) =>
    cases.flatMap((found: Found) => worded(task, found, { layers: model.layers, held, draw }) ?? []);
  const [usual, kept] = [questions(false), questions(true)];
  const found = await answersTo(evaluating, test, usual);
  const foundKept = await answersTo(evaluating, test, kept);
  const whose = others(
    usual.map(({ problem }) => problem),
    test.facts.length,
  );
  const foundOther = await answersTo(evaluating, test, usual, whose);
  const exact = (texts: readonly string[], of: readonly Question[]) =>
    share(of.map(({ answer }, i) => sameAnswer(texts[i]!, answer)));
  const trained = casesOf(task, train, config.seed);
  const probing: Probing = { pool, signal, train, test, count: latents + 1, layers: model.layers };
  const probe = await probeShare(task, { trained, held: cases }, probing);
  const named = (what: string) => `${task.name} ${what}`;
  return {
    source: task.source,
    problems: cases.length,
    exact: figure(evaluating, named('exact'), exact(found, usual)),
    held: kept.length > 0 ? figure(evaluating, named('held'), exact(foundKept, kept)) : null,
    shuffled: figure(evaluating, named('shuffled'), exact(foundOther, usual)),
    f1: figure(
      evaluating,
      named('f1'),
      usual.map(({ answer }, i) => tokenF1(found[i]!, answer)),
    ),
    ...(task.ordinal && {
      within_one: figure(
        evaluating,
        named('within'),
        share(usual.map(({ answer }, i) => withinOne(found[i]!, answer))),
      ),
    }),
    majority: majorityShare(trained, cases),
    ...(probe !== undefined && { probe }),
  };
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** What is asked about a reading, and the reading. */
interface AboutReading {
  readonly problem: number;
  readonly reading: Reading;
}

function readingsAt({ facts }: FactSet, which: 'gold' | 'readings'): Map<string, AboutReading[]> {
  const all = facts.flatMap((own, problem) => own[which].map(reading => ({ problem, reading })));
  return grouped(all, ({ reading }) => reading.steps.join());
}

async function freeFigures(evaluating: Evaluating): Promise<FreeFigures[]> {
  const { collected } = evaluating;
  const { test, validation } = collected.parts;
  const { layers } = collected.client.lrm.spec.model;
  const labelled = readingsAt(validation, 'readings');
  const figures: FreeFigures[] = [];
  for (const [place, gold] of readingsAt(test, 'gold')) {
    const { steps } = gold[0]!.reading;
    for (const question of new Set(FREE.map(free => free.question))) {
      const questions = gold.map(
        ({ problem }): Question => ({ task: 'free', problem, layer: layers, steps, question, answer: '', held: true }),
      );
      const found = await answersTo(evaluating, test, questions);
      const whose = others(
        questions.map(({ problem }) => problem),
        test.facts.length,
      );
      const foundOther = await answersTo(evaluating, test, questions, whose);
      for (const free of FREE.filter(one => one.question === question)) {
        const judged = (texts: readonly string[]) =>
          share(gold.map(({ reading }, i) => free.right(namedIn(texts[i]!), reading)));
        const name = `${place} ${free.asks}`;
        figures.push({
          question,
          steps,
          asks: free.asks,
          problems: gold.length,
          oracle: figure(evaluating, name, judged(found)),
          shuffled: figure(evaluating, `${name} shuffled`, judged(foundOther)),
          lens: free.asks === 'result' ? lensShare(test, gold, free) : null,
          label: labelShare(validation, labelled.get(place) ?? [], free),
        });
      }
    }
  }
  return figures;
}

/** Of the readings those whose last step's lens shows the right number first. */
function lensShare({ facts }: FactSet, gold: readonly AboutReading[], { right }: Free): number {
  const shown = ({ problem, reading }: AboutReading) => facts[problem]!.lens[reading.steps.at(-1)!]!.find(isNumber);
  return gold.filter(about => right(namedIn(shown(about) ?? ''), about.reading)).length / gold.length;
}

/** Accepted labels that are right, of all: one that was not accepted tells nothing. */
function labelShare({ facts }: FactSet, labelled: readonly AboutReading[], { asks, right }: Free): number | null {
  if (labelled.length === 0) return null;
  const text = ({ text, next }: Reading) => (asks.startsWith('next') ? next : text) ?? '';
  const hits = labelled.filter(({ problem, reading }) => {
    const gold = facts[problem]!.gold.find(({ steps }) => steps.join() === reading.steps.join());
    return gold !== undefined && reading.text !== null && right(namedIn(text(reading)), gold);
  });
  return hits.length / labelled.length;
}

async function cannotTellFigures(evaluating: Evaluating): Promise<OracleEvaluation['cannot_tell']> {
  const { collected, config } = evaluating;
  const { validation } = collected.parts;
  const { layers } = collected.client.lrm.spec.model;
  const computing = taskNamed('computing');
  if (!computing || config.tasks.unreadable === undefined) return { accepted: null, others: null };
  const all = [...readingsAt(validation, 'readings').values()].flat();
  const told = async (readings: readonly AboutReading[]) => {
    if (readings.length === 0) return null;
    const questions = readings.map(
      ({ problem, reading: { steps } }): Question => ({
        ...{ task: computing.name, problem, layer: layers, steps },
        ...{ question: computing.asks[0]!, answer: CANNOT_TELL, held: false },
      }),
    );
    const found = await answersTo(evaluating, validation, questions);
    return found.filter(text => sameAnswer(text, CANNOT_TELL)).length / found.length;
  };
  return {
    accepted: await told(all.filter(({ reading }) => reading.text !== null)),
    others: await told(all.filter(({ reading }) => reading.text === null)),
  };
}

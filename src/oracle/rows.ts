/**
 * Questions with their answers: cases of tasks put into words. What is drawn (a way of asking, another problem) comes from streams of
 * the seed, so a question is the same wherever and whenever it is made.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { integer, pick, type Stream, stream } from '../run/random.ts';
import { depthLayer, type FactSet } from './collect.ts';
import type { OracleSpec } from './model.ts';
import { type AnsweredRow, injected, type LayerStatistics, type PromptRow, promptTokens } from './prompt.ts';
import { asked, type Case, type OracleTask } from './tasks/index.ts';

/** A question about the vectors of a problem. */
export interface Question {
  readonly task: string;
  /** Its place in the facts. */
  readonly problem: number;
  readonly layer: number;
  readonly steps: readonly number[];
  readonly question: string;
  readonly answer: string;
  /** It was asked in a way that is kept from training. */
  readonly held: boolean;
}

/** A case of a problem. */
export interface Found extends Case {
  readonly problem: number;
}

/** Every case that a task makes of the facts. */
export function casesOf(task: OracleTask, { facts }: FactSet, seed: number): Found[] {
  return facts.flatMap((own, problem) => {
    const draw = stream(seed, `oracle.${task.name}`, problem);
    const other = facts[(problem + 1 + integer(draw, facts.length - 1)) % facts.length] ?? own;
    return task.cases(own, other, draw).map(found => ({ ...found, problem }));
  });
}

export interface Wording {
  /** Of the latent-reasoning model. */
  readonly layers: number;
  readonly held: boolean;
  readonly draw: Stream;
}

/** A case in one of its task's ways; undefined where the task keeps none back. */
export function worded(task: OracleTask, found: Found, { layers, held, draw }: Wording): Question | undefined {
  const ways = held ? task.held : task.asks;
  if (ways.length === 0) return undefined;
  const { problem, steps, depth, answer } = found;
  const layer = depth === undefined ? layers : depthLayer(depth, layers);
  return { task: task.name, problem, layer, steps, question: asked(pick(draw, ways), found), answer, held };
}

/** Statistics of each layer's vectors by which a trained injection is shown them. */
export type Statistics = ReadonlyMap<number, LayerStatistics>;

export interface Teller {
  readonly oracle: OracleSpec;
  readonly tokenizer: Tokenizer;
  readonly statistics: Statistics;
  /** States of a thought, N + 1. */
  readonly count: number;
}

/** A question as the oracle sees it; `problem`: whose vectors are shown, if not its own problem's. */
export function promptRow(teller: Teller, { vectors }: FactSet, of: Question, problem: number = of.problem): PromptRow {
  const { oracle, tokenizer, statistics, count } = teller;
  const d = oracle.targetSize;
  const all = vectors.get(of.layer)!;
  const own = new Float32Array(of.steps.length * d);
  of.steps.forEach((k, i) => {
    const from = (problem * count + k) * d;
    own.set(all.subarray(from, from + d), i * d);
  });
  const { layer, question, steps } = of;
  return {
    ...promptTokens(tokenizer, { layer, vectors: steps.length, question }),
    vectors: injected(oracle, own, statistics.get(layer)!),
  };
}

export function answeredRow(teller: Teller, set: FactSet, of: Question): AnsweredRow {
  return { ...promptRow(teller, set, of), answer: [...teller.tokenizer.encode(of.answer), teller.oracle.eosId] };
}

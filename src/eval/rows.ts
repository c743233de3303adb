/**
 * The rows of the held-out table: ours, baselines, and controls. Each is a way to come by one text per problem; what the texts
 * are worth is measured alike for all of them, against the own target.
 */

import type { View } from '../lrm/views.ts';
import type { Decode } from '../rl/decodes.ts';
import type { Problem } from '../worlds/problem.ts';
import { type Bank, nearestTexts } from './bank.ts';
import { type Bench, lastToken } from './bench.ts';
import { bestTexts, rank, writeTexts } from './candidates.ts';
import type { ChainTask } from './chain.ts';
import { decode } from './decode.ts';
import { readQuestionEnds } from './questionEnd.ts';

export interface RowInputs extends ChainTask {
  readonly problems: readonly Problem[];
  /** Another problem's vectors in the same view. */
  readonly swapped: Float32Array;
  readonly bank: Bank;
  /** What `eval.decode` finds; found when first asked for, and once. */
  found(): Promise<string[]>;
}

type Row = (bench: Bench, inputs: RowInputs) => Promise<string[]>;

/** A way of decoding. */
const found =
  (how: Decode): Row =>
  async (bench, x) =>
    how === bench.config.eval.decode ? x.found() : bestTexts(await decode(bench, how, x, x.bank));
const flat = (texts: readonly (readonly string[])[]) => texts.map(list => list[0] ?? '');

/** In the order of the table. */
export const ROWS = {
  greedy: async (bench, x) => flat(await writeTexts(bench, x, { params: bench.trained, count: 1 })),
  best_of_n: found('best_of_n'),
  retrieve: found('retrieve'),
  chain: found('chain'),
  warm_start: async (bench, x) => flat(await writeTexts(bench, x, { params: bench.warmStart, count: 1 })),
  nearest: async (bench, x) => flat(await nearestTexts(bench, x.bank, { ...x, frame: x.view.frame }, 1)),
  unconditional: async (bench, x) => {
    const { seed, eval: settings } = bench.config;
    const texts = await writeTexts(bench, x, {
      params: bench.warmStart,
      count: settings.unconditional,
      seed: { seed, purpose: `unconditional ${x.view.id}` },
      unconditional: true,
    });
    return bestTexts(await rank(bench, x, texts));
  },
  gold: async (bench, x) => x.problems.map(problem => goldText(bench, problem, x.view)),
  swapped: async (bench, x) =>
    flat(await writeTexts(bench, { ...x, vectors: x.swapped }, { params: bench.trained, count: 1 })),
  swapped_best_of_n: async (bench, x) =>
    bestTexts(await decode(bench, 'best_of_n', { ...x, vectors: x.swapped }, x.bank)),
  swapped_retrieve: async (bench, x) =>
    bestTexts(await decode(bench, 'retrieve', { ...x, vectors: x.swapped }, x.bank)),
  swapped_chain: async (bench, x) => bestTexts(await decode(bench, 'chain', { ...x, vectors: x.swapped }, x.bank)),
  other_text: async (_bench, x) => {
    const [own = '', ...others] = await x.found();
    return [...others, own];
  },
  last_token: async (bench, x) => (await x.found()).map(text => lastToken(bench, text)),
  empty: async (_bench, x) => x.problems.map(() => ''),
  question_end: (bench, x) => readQuestionEnds(bench, x, x.bank),
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;

/** The control of each way of decoding: the same, shown another problem's target. */
export const SWAPPED = {
  greedy: 'swapped',
  best_of_n: 'swapped_best_of_n',
  retrieve: 'swapped_retrieve',
  chain: 'swapped_chain',
} as const satisfies Record<Decode, RowName>;

export const ROW_NAMES = Object.keys(ROWS) as RowName[];

/** The gold chain up to the view's anchor: the best text that is known. */
export function goldText({ client, world, step }: Bench, problem: Problem, { anchor }: View): string {
  const { encode, decode: text } = client.lrm.tokenizer;
  const chain = encode(world.chain(problem, { last: true }).join(' '));
  const length = anchor && step.position(chain, anchor);
  return text(chain.slice(0, length ?? chain.length));
}

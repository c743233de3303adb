/**
 * The language that texts may be of: what the reference, the warm start that is shown no target, would write. A reward alone
 * can be climbed out of it, to texts that score above the gold text and say something else; so a text with a token below
 * `eval.support` is refused, however well it scores.
 */
import { nothingShown } from '../../policies/promptRows.ts';
import { inChunks } from '../lrm/client.ts';
import { type Likelihood, likelihoodTask } from '../rollout/score.ts';
import { stepsTask } from '../rollout/steps.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import type { Bench } from './bench.ts';

const ROWS = 64;
/** Widths and rows are rounded up to multiples of these, so that few graphs are built. */
const WIDTH_STEP = 8;
const ROW_STEP = 16;

type SupportBench = Pick<Bench, 'client' | 'config' | 'policy' | 'pool' | 'signal' | 'warmStart'>;

/** What was scored under a reference already: the same texts are proposed again and again. */
const scored = new WeakMap<SharedFloats, Map<string, Likelihood>>();

/** Texts under the reference, without an end token: what is read up to an anchor need not end there. */
export async function referenceScores(
  { client, policy, pool, signal, warmStart: params }: SupportBench,
  texts: Iterable<string>,
): Promise<ReadonlyMap<string, Likelihood>> {
  const known = scored.get(params) ?? new Map<string, Likelihood>();
  scored.set(params, known);
  const fresh = [...new Set(texts)].filter(text => !known.has(text));
  const tokens = fresh.map(text => client.lrm.tokenizer.encode(text));
  const longest = tokens.reduce((most, row) => Math.max(most, row.length), 1);
  const width = Math.ceil(longest / WIDTH_STEP) * WIDTH_STEP;
  const parts = await inChunks(tokens, ROWS, async rows => {
    const filling = Array<number[]>(Math.ceil(rows.length / ROW_STEP) * ROW_STEP - rows.length).fill([]);
    const filled = [...rows, ...filling];
    const request = { policy, params, ...nothingShown(policy, filled.length), texts: filled, width };
    return (await pool.run(likelihoodTask, request, { signal })).slice(0, rows.length);
  });
  const scores = parts.flat();
  for (const [i, text] of fresh.entries()) known.set(text, scores[i]!);
  return known;
}

/** The texts that the reference might write, in their order. */
export async function supported(bench: SupportBench, texts: readonly (readonly string[])[]): Promise<string[][]> {
  const scores = await referenceScores(bench, texts.flat());
  return texts.map(list => list.filter(text => scores.get(text)!.least >= bench.config.eval.support));
}

/** A token and its log-probability, in nats. */
export interface NextToken {
  readonly id: number;
  readonly logProb: number;
}

/** Behind each beginning of a text the `count` likeliest tokens under the reference, likeliest first; a text's end is none. */
export async function nextTokens(
  { policy, pool, signal, warmStart: params }: SupportBench,
  beginnings: readonly (readonly number[])[],
  count: number,
): Promise<NextToken[][]> {
  const parts = await inChunks(beginnings, ROWS, rows => {
    const search = { beginnings: rows, width: count, floor: Number.NEGATIVE_INFINITY, maxNewTokens: 1 };
    return pool.run(stepsTask, { policy, params, ...nothingShown(policy, rows.length), ...search }, { signal });
  });
  const found = parts.flat().slice(0, beginnings.length);
  return found.map(list => list.map(({ tokens, logProb }) => ({ id: tokens[0]!, logProb })));
}

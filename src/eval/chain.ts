/**
 * Chain decoding: a thought is read step by step. The text that was read for a step is closed by the model and begins the texts of
 * the next, so that a later latent has to tell only what it adds.
 *
 * Next steps come from the policy and from the language of the world: its grammar where it declares one, else what the reference
 * writes, which learned the language in the warm start. None of them sees the question (but a
 * policy that was trained to: `policy.sees_question`). Several beginnings are kept, and whole
 * chains are ranked: by the similarities of all steps read, and the log-probability of the text under the reference at a price per
 * nat, as PPO weighs them. The price settles what the reward hardly sees: `21 - 3 = 12` leaves nearly the state of `21 - 9 = 12`.
 */

import { nothingShown, type PromptRows } from '../../policies/promptRows.ts';
import { inChunks } from '../lrm/client.ts';
import { standardise, type View } from '../lrm/views.ts';
import { stepsTask } from '../rollout/steps.ts';
import { memo } from '../run/memo.ts';
import { gather } from '../tensor/rows.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import type { Bank } from './bank.ts';
import { type Bench, type ReadingTask, vectorsOf } from './bench.ts';
import { type Candidate, propose, rank } from './candidates.ts';
import { complete } from './measure.ts';
import { referenceScores } from './support.ts';

/** Whole steps that were read before, closed. */
interface Beginning {
  readonly text: string;
  /** Sum of the similarities of its readings. */
  readonly earlier: number;
  /** Texts that go one step further in the language of the world. */
  readonly further: readonly string[];
}

export interface ChainTask extends ReadingTask {
  /** For each question its beginnings, best first; undefined for a first step. They do not depend on `vectors`. */
  beginnings(): Promise<readonly (readonly Beginning[])[] | undefined>;
}

type Proposal = Pick<Beginning, 'text' | 'earlier'>;

interface Chain extends Proposal, Candidate {
  /** What chains are ranked by. */
  readonly score: number;
}

/** Beginnings per task. */
const ROWS = 8;

/** The task of reading a view of latents [n,N+1,d]. The steps before are read when first asked for, and once. */
export function chainTask(
  bench: Bench,
  { view, questions, states }: Pick<ReadingTask, 'view' | 'questions'> & { readonly states: Float32Array },
  bank: Bank,
): ChainTask {
  const before = viewBefore(bench, view);
  return {
    view,
    questions,
    vectors: vectorsOf(bench, view, states),
    beginnings: memo(
      async () =>
        before && beginningsFor(bench, view, chainTask(bench, { view: before, questions, states }, bank), bank),
    ),
  };
}

/** Of the views that speak of the step before a view's, the one whose targets are explained best. */
function viewBefore({ views: { views } }: Pick<Bench, 'views'>, { anchor }: View): View | undefined {
  const before = anchor ? views.filter(view => view.anchor?.step === anchor.step - 1) : [];
  return before.sort((a, b) => b.fve - a.fve)[0];
}

/** Texts for each target, best chain first. */
export async function readChain(bench: Bench, task: ChainTask, bank: Bank): Promise<Chain[][]> {
  const beginnings = await task.beginnings();
  const first = async () => (await propose(bench, task, bank)).map(texts => texts.map(text => ({ text, earlier: 0 })));
  const proposals = beginnings ? await goOn(bench, task, beginnings) : await first();
  const { support, prior } = bench.config.eval;
  const texts = proposals.map(list => new Map(list.map(({ text, earlier }) => [text, earlier])));
  const language = await referenceScores(
    bench,
    texts.flatMap(list => [...list.keys()]),
  );
  const known = texts.map(list => [...list.keys()].filter(text => language.get(text)!.least >= support));
  const ranked = await rank(bench, task, known);
  return ranked.map((list, i) => {
    const scored = list.map(({ text, similarity }) => {
      const earlier = texts[i]!.get(text)!;
      return { text, similarity, earlier, score: earlier + similarity + prior * language.get(text)!.sum };
    });
    return scored.sort((a, b) => b.score - a.score);
  });
}

/** What the best chains of the step before make for a view: finished by the model where they leave that step open. */
async function beginningsFor(bench: Bench, view: View, before: ChainTask, bank: Bank): Promise<Beginning[][]> {
  const { split, ends } = bench.step;
  const { encode } = bench.client.lrm.tokenizer;
  const steps = before.view.anchor!.step;
  const chains = await readChain(bench, before, bank);
  const best = chains.map(list =>
    list
      .filter(({ text }) => split(encode(text).slice(0, -1)).length === steps - 1)
      .slice(0, bench.config.eval.beginnings),
  );
  const closed = await complete(
    bench,
    best.flatMap((list, i) => list.map(() => before.questions[i]!)),
    best.flatMap(list => list.map(({ text }) => text)),
  );
  let next = 0;
  const whole = best.map(list => {
    const earlier = new Map<string, number>();
    for (const chain of list) {
      const text = closed[next++]!;
      if (ends.includes(encode(text).at(-1)!) && !earlier.has(text))
        earlier.set(text, chain.earlier + chain.similarity);
    }
    return [...earlier];
  });
  const further = await languageOf(bench, view, [...new Set(whole.flatMap(list => list.map(([text]) => text)))]);
  return whole.map(list => list.map(([text, earlier]) => ({ text, earlier, further: further.get(text)! })));
}

/** Behind each of some texts what the world's language goes on with, up to the view's anchor. */
async function languageOf(bench: Bench, view: View, texts: readonly string[]): Promise<Map<string, string[]>> {
  const { config, world, warmStart, policy, step } = bench;
  const { encode, decode } = bench.client.lrm.tokenizer;
  if (config.eval.grammar && world.nextSteps) {
    const go = (text: string) => {
      const tokens = encode(text);
      return world.nextSteps!(step.split(tokens).map(own => decode(own))).map(next =>
        upTo(bench, view, [...tokens, ...encode(next)]),
      );
    };
    return new Map(texts.map(text => [text, go(text)]));
  }
  const tokens = texts.map(encode);
  const written = await nextSteps(bench, warmStart, tokens, nothingShown(policy, texts.length));
  return new Map(texts.map((text, i) => [text, written[i]!.map(next => upTo(bench, view, [...tokens[i]!, ...next]))]));
}

/** Every proposed next step behind every beginning. */
async function goOn(
  bench: Bench,
  { view, questions, vectors }: ReadingTask,
  beginnings: readonly (readonly Beginning[])[],
): Promise<Proposal[][]> {
  const { trained, policy, text: statistics } = bench;
  const { encode } = bench.client.lrm.tokenizer;
  const rows = beginnings.flatMap((list, problem) => list.map(beginning => ({ ...beginning, problem })));
  const problems = rows.map(row => row.problem);
  const tokens = rows.map(row => encode(row.text));
  const written = await nextSteps(bench, trained, tokens, {
    z: gather(standardise(statistics, vectors), problems, policy.targetSize),
    questions: problems.map(problem => questions[problem]!),
  });
  const out: Proposal[][] = beginnings.map(() => []);
  rows.forEach(({ earlier, further, problem }, i) => {
    const own = written[i]!.map(step => upTo(bench, view, [...tokens[i]!, ...step]));
    for (const text of [...own, ...further]) out[problem]!.push({ text, earlier });
  });
  return out;
}

/** For each of n beginnings, as tokens, the likeliest next steps that a policy writes, closing tokens included. */
async function nextSteps(
  { config, policy, pool, signal, step }: Bench,
  params: SharedFloats,
  beginnings: readonly (readonly number[])[],
  { z, questions }: Required<PromptRows>,
): Promise<(readonly number[])[][]> {
  const { next_steps: width, support: floor } = config.eval;
  const parts = await inChunks([...beginnings.keys()], ROWS, rows => {
    const request = {
      policy,
      params,
      z: gather(z, rows, policy.targetSize),
      questions: rows.map(row => questions[row]!),
      beginnings: rows.map(row => beginnings[row]!),
      stepEnds: step.ends,
      width,
      floor,
      maxNewTokens: step.longest,
    };
    return pool.run(stepsTask, request, { signal });
  });
  return parts
    .flat()
    .slice(0, beginnings.length)
    .map(list => list.map(({ tokens }) => tokens));
}

/** The text of a chain's tokens up to the view's anchor, if it has one. */
export function upTo({ client, step }: Bench, { anchor }: View, tokens: readonly number[]): string {
  const length = anchor && step.position(tokens, anchor);
  return client.lrm.tokenizer.decode(tokens.slice(0, length ?? tokens.length));
}

/**
 * What a text is worth, in every respect that the table shows, per problem: what it says (against the gold steps), where it
 * leaves the model (against the own and another problem's target), and what the model makes of it (completion, answer).
 */

import { inChunks } from '../lrm/client.ts';
import { fveTerms } from '../lrm/similarity.ts';
import { standardise } from '../lrm/views.ts';
import { likelihoodTask } from '../rollout/score.ts';
import { gather } from '../tensor/rows.ts';
import type { Problem, Step } from '../worlds/problem.ts';
import { type Bench, type ReadingTask, similarityTo } from './bench.ts';
import { readTexts } from './readTexts.ts';
import { exactExpression, rightResult, wellFormed, wordCount } from './text.ts';

/** Columns of one text each, [n] per name, NaN where a problem has no such step; FVE is kept as its two sums. */
export interface Measurements {
  readonly columns: Readonly<Record<string, Float64Array>>;
  readonly fve: { readonly error: Float64Array; readonly total: Float64Array };
  readonly texts: readonly string[];
  /** The model's completion of each text. */
  readonly completions: readonly string[];
}

export interface MeasureRequest extends ReadingTask {
  readonly problems: readonly Problem[];
  /** First tokens of the model's own latent answers. */
  readonly answers: Int32Array;
  readonly texts: readonly string[];
  /** Another problem's vectors in the same view, [n,d]. */
  readonly swapped: Float32Array;
}

/** Most tokens by which the model may finish a step that a text leaves open. */
export const COMPLETION = 8;
const LIKELIHOOD_ROWS = 64;

export async function measure(bench: Bench, request: MeasureRequest): Promise<Measurements> {
  const { config, client, world } = bench;
  const { view, questions, vectors, swapped, texts, problems } = request;
  const d = bench.policy.targetSize;
  const readouts = await readTexts(
    bench,
    questions,
    texts.map(text => [text]),
  );
  const own = similarityTo(config, view, readouts, vectors);
  const other = similarityTo(config, view, readouts, swapped);
  const completions = await complete(bench, questions, texts);
  const { encode } = client.lrm.tokenizer;
  const given = await client.answers(questions.map((q, i) => [...q, ...encode(completions[i]!)]));
  const likelihoods = await logLikelihoods(bench, request, texts);
  const column = (of: (i: number) => number) => Float64Array.from(texts, (_, i) => of(i));
  const most = Math.max(...problems.map(p => p.steps.length));
  const ofStep = (j: number, holds: (text: string, step: Step) => boolean) =>
    column(i => {
      const step = problems[i]!.steps[j];
      return step ? Number(holds(texts[i]!, step)) : Number.NaN;
    });
  const perStep = Array.from({ length: most }, (_, j) => [
    [`exact_${j + 1}`, ofStep(j, exactExpression)],
    [`right_${j + 1}`, ofStep(j, rightResult)],
  ]).flat() as [string, Float64Array][];
  return {
    columns: {
      ...Object.fromEntries(perStep),
      same: column(i => (given[i] === request.answers[i] ? 1 : 0)),
      similarity: column(i => own[i]!),
      gap: column(i => own[i]! - other[i]!),
      ...(world.equations && { well_formed: column(i => Number(wellFormed(texts[i]!, world.equations))) }),
      length: column(i => wordCount(texts[i]!)),
      nll: column(i => -likelihoods[i]!.sum / likelihoods[i]!.tokens),
    },
    fve: fveTerms(readouts, vectors, d),
    texts,
    completions,
  };
}

/** Texts with the step that they leave open finished by the model, in its explicit chain of thought. */
export async function complete(
  { client, step: { ends } }: Pick<Bench, 'client' | 'step'>,
  questions: readonly (readonly number[])[],
  texts: readonly string[],
): Promise<string[]> {
  const { encode, decode } = client.lrm.tokenizer;
  const tokens = texts.map(text => encode(text));
  const open = tokens.flatMap((t, i) => (t.length > 0 && !ends.includes(t.at(-1)!) ? [i] : []));
  if (open.length === 0) return [...texts];
  const written = await client.write(
    open.map(i => [...questions[i]!, ...tokens[i]!]),
    { stop: ends, maxNewTokens: COMPLETION },
  );
  const completed = [...texts];
  open.forEach((i, n) => {
    const { tokens: more, stopped } = written[n]!;
    if (stopped) completed[i] = decode([...tokens[i]!, ...more]);
  });
  return completed;
}

export interface LogLikelihood {
  readonly sum: number;
  /** End token included. */
  readonly tokens: number;
}

/** Log-likelihood of texts under the warm start, given their targets, in nats; of a text beyond twice the policy's longest, its beginning. */
export async function logLikelihoods(
  bench: Bench,
  { questions, vectors }: Omit<ReadingTask, 'view'>,
  texts: readonly string[],
): Promise<LogLikelihood[]> {
  const { policy, warmStart, pool, config, text, signal } = bench;
  const { encode } = bench.client.lrm.tokenizer;
  const width = 2 * config.policy.max_new_tokens;
  const z = standardise(text, vectors);
  const tokens = texts.map(t => [...encode(t).slice(0, width - 1), policy.eosId]);
  const parts = await inChunks([...texts.keys()], LIKELIHOOD_ROWS, rows => {
    const shown = { z: gather(z, rows, policy.targetSize), questions: rows.map(row => questions[row]!) };
    const request = { policy, params: warmStart, ...shown, texts: rows.map(row => tokens[row]!), width };
    return pool.run(likelihoodTask, request, { signal });
  });
  const found = parts.flat();
  return tokens.map((t, i) => ({ sum: found[i]!.sum, tokens: t.length }));
}

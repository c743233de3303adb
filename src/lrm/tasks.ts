/**
 * Worker tasks over a frozen latent-reasoning model: token rows in, plain typed arrays out.
 * `client.ts` cuts work into chunks for these; nothing here knows how many workers there are.
 */
import { packingOf } from '../lm/packing.ts';
import { f32, i32 } from '../tensor/index.ts';
import { task } from '../tensor/task.ts';
import { padTokens } from './batches.ts';
import { type CausalScores, perIntervention, variantsOf } from './interventions.ts';
import { type LrmRuntime, lrmRuntime } from './runtime.ts';

type Rows = readonly (readonly number[])[];

export interface ThinkInput {
  readonly folder: string;
  readonly questions: Rows;
  readonly steps?: number;
  /** Lens tokens per state. */
  readonly top?: number;
}
export interface ThinkOutput {
  /** [B,n+1,d] */
  readonly states: Float32Array;
  /** [B] token ids */
  readonly answers: Int32Array;
  /** [B,n+1,top] token ids, likeliest first */
  readonly lens: Int32Array;
}

export async function thinkChunk({ folder, questions, steps, top }: ThinkInput): Promise<ThinkOutput> {
  const runtime = await lrmRuntime(folder);
  const { spec } = runtime.lrm;
  const out = await runtime.think(steps, top)({ question: padTokens(questions, spec.padId, 'left') });
  return {
    states: out.states.data as Float32Array,
    answers: out.answer.data as Int32Array,
    lens: out.lens.data as Int32Array,
  };
}
export const thinkTask = task<ThinkInput, ThinkOutput>(import.meta.url, thinkChunk);

export interface CausalInput {
  readonly folder: string;
  readonly questions: Rows;
  /** So many of the questions, the first, are intervened on; all are donors. */
  readonly subjects: number;
  /** Donor of row b in run s is row (b + shifts[s]) mod B. */
  readonly shifts: readonly number[];
}

/** Subjects of one graph: all their variants are computed at once. */
const SUBJECTS = 16;

/** Every intervention on each state of each subject, [subjects,N+1] each. */
export async function causalChunk({ folder, questions, subjects, shifts }: CausalInput): Promise<CausalScores> {
  const runtime = await lrmRuntime(folder);
  const { latents, padId } = runtime.lrm.spec;
  const rows = questions.length;
  const states = latents + 1;
  const scores = perIntervention(() => new Float32Array(subjects * states).fill(Number.NaN));
  const own = Math.min(SUBJECTS, subjects);
  const { variants, mixture, input, readout, hidden } = variantsOf({ rows, subjects: own, shifts, latents });
  const n = own * variants.length;
  const givens = {
    mixture: f32(mixture, [own, variants.length, rows]),
    input: f32(input, [n, latents]),
    readout: f32(readout, [n, states]),
    hidden: f32(hidden, [n, states]),
  };
  for (let from = 0; from < subjects; from += own) {
    // Whose turn it is stands first; donors are as far behind them as ever.
    const turned = [...questions.slice(from), ...questions.slice(0, from)];
    const { clean, answer } = await runtime.intervene({ question: padTokens(turned, padId, 'left'), ...givens });
    for (let b = 0; b < Math.min(own, subjects - from); b++) {
      const at = (from + b) * states;
      for (const { site, k, kind } of variants) scores[site][kind][at + k] = 0;
      variants.forEach(({ site, k, kind, weight }, v) => {
        if (answer.data[b * variants.length + v] !== clean.data[b]) scores[site][kind][at + k]! += weight;
      });
    }
  }
  return scores;
}
export const causalTask = task<CausalInput, CausalScores>(import.meta.url, causalChunk);

export interface PointsInput {
  readonly folder: string;
  readonly questions: Rows;
  /** Whose outputs, from 0; not the last one. */
  readonly blocks: readonly number[];
}

/** Outputs of blocks at `<bot>` and the latent steps: [B,N+1,blocks,d]. */
export async function pointsChunk({ folder, questions, blocks }: PointsInput): Promise<Float32Array> {
  const runtime = await lrmRuntime(folder);
  const out = await runtime.points(blocks)({ question: padTokens(questions, runtime.lrm.spec.padId, 'left') });
  return out.states.data as Float32Array;
}
export const pointsTask = task<PointsInput, Float32Array>(import.meta.url, pointsChunk);

export interface LensInput {
  readonly folder: string;
  /** Final-norm states [n,d]. */
  readonly states: Float32Array;
  readonly top: number;
}
export interface Lens {
  /** [n,top] token ids, likeliest first */
  readonly tokens: Int32Array;
  /** Of all tokens, in nats [n] */
  readonly entropy: Float32Array;
}

export async function lensChunk({ folder, states, top }: LensInput): Promise<Lens> {
  const runtime = await lrmRuntime(folder);
  const d = runtime.lrm.spec.model.hiddenSize;
  const out = await runtime.lens(top)({ states: f32(states, [states.length / d, d]) });
  return { tokens: out.tokens.data as Int32Array, entropy: out.entropy.data as Float32Array };
}
export const lensTask = task<LensInput, Lens>(import.meta.url, lensChunk);

export interface ReadChunk {
  readonly folder: string;
  readonly questions: Rows;
  /** Consecutive groups per question. */
  readonly texts: Rows;
  /** Per text, the same number of token counts. */
  readonly at: Rows;
  readonly width: number;
}

/** States [B,A,d] of the reader; see `runtime.read`. */
export async function readChunk({ folder, questions, texts, at, width }: ReadChunk): Promise<Float32Array> {
  const runtime = await lrmRuntime(folder);
  return readRows(runtime, questions, texts, at, width);
}
export const readTask = task<ReadChunk, Float32Array>(import.meta.url, readChunk);

export async function readRows(
  runtime: LrmRuntime,
  questions: Rows,
  texts: Rows,
  at: Rows,
  width: number,
): Promise<Float32Array> {
  const { padId } = runtime.lrm.spec;
  const share = texts.length / questions.length;
  const text = padTokens(texts, padId, 'right', width);
  const { packing } = packingOf(text.mask.data, width);
  const places = packing.places.data as Int32Array;
  const counts = at.flatMap((row, b) => row.map(count => ({ b, count })));
  const wanted = counts.map(({ b, count }) => (count === 0 ? 0 : places[b * width + count - 1]!));
  const picks = counts.map(({ b, count }, i) => (count === 0 ? Math.floor(b / share) : questions.length + i));
  const out = await runtime.read({
    question: padTokens(questions, padId, 'left'),
    text,
    packing,
    wanted: i32(wanted, [wanted.length]),
    picks: i32(picks, [picks.length]),
  });
  return out.states.data as Float32Array;
}

export interface WriteChunk {
  readonly folder: string;
  readonly prompts: Rows;
  readonly stop: readonly number[];
  readonly maxNewTokens: number;
}
export interface WriteOutput {
  readonly tokens: number[][];
  readonly stopped: boolean[];
}

const writers = new Map<string, ReturnType<LrmRuntime['writer']>>();

/** Greedy continuations, stop token included where it was reached. */
export async function writeChunk({ folder, prompts, stop, maxNewTokens }: WriteChunk): Promise<WriteOutput> {
  const runtime = await lrmRuntime(folder);
  const key = `${folder} ${stop.join()}`;
  let writer = writers.get(key);
  if (!writer) {
    writer = runtime.writer(stop);
    writers.set(key, writer);
  }
  const out = await writer.generate({
    inputs: { tokens: padTokens(prompts, runtime.lrm.spec.padId, 'left') },
    maxNewTokens,
  });
  return {
    tokens: prompts.map((_, b) => [...out.tokens.subarray(b * maxNewTokens, b * maxNewTokens + out.lengths[b]!)]),
    stopped: prompts.map((_, b) => out.stopped[b] === 1),
  };
}
export const writeTask = task<WriteChunk, WriteOutput>(import.meta.url, writeChunk);

export interface AnswerChunk {
  readonly folder: string;
  readonly prompts: Rows;
}

/** First answer tokens [B] after explicit prompts, to which the answer prefix is added here. */
export async function answerChunk({ folder, prompts }: AnswerChunk): Promise<Int32Array> {
  const runtime = await lrmRuntime(folder);
  const { padId, answerPrefix } = runtime.lrm.spec;
  const rows = prompts.map(row => [...row, ...answerPrefix]);
  return (await runtime.answerAfter({ tokens: padTokens(rows, padId, 'left') })).answer.data as Int32Array;
}
export const answerTask = task<AnswerChunk, Int32Array>(import.meta.url, answerChunk);

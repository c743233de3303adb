/**
 * Worker tasks over a frozen latent-reasoning model: token rows in, plain typed arrays out.
 * `client.ts` cuts work into chunks for these; nothing here knows how many workers there are.
 */
import { packingOf } from '../lm/packing.ts';
import { f32, i32 } from '../tensor/index.ts';
import { task } from '../tensor/task.ts';
import { padTokens } from './batches.ts';
import { type LrmRuntime, lrmRuntime } from './runtime.ts';

type Rows = readonly (readonly number[])[];

export interface ThinkInput {
  readonly folder: string;
  readonly questions: Rows;
  readonly steps?: number;
}
export interface ThinkOutput {
  /** [B,n+1,d] */
  readonly states: Float32Array;
  /** [B] token ids */
  readonly answers: Int32Array;
  /** [B,n+1,LENS_TOP] token ids */
  readonly lens: Int32Array;
}

export async function thinkChunk({ folder, questions, steps }: ThinkInput): Promise<ThinkOutput> {
  const runtime = await lrmRuntime(folder);
  const { spec } = runtime.lrm;
  const out = await runtime.think(steps)({ question: padTokens(questions, spec.padId, 'left') });
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
  /** Donor of row b in run s is row (b + shifts[s]) mod B. */
  readonly shifts: readonly number[];
}
export interface CausalOutput {
  /** [B,N+1]: share of donors whose state in place of the own changes the answer; NaN without donors. */
  readonly swap: Float32Array;
  /** [B,N+1]: 1 where zeroing (hiding, for the last state) changes the answer. */
  readonly zero: Float32Array;
}

/**
 * Interventions on each state: state k < N acts through the input of step k+1, which is replaced; the last state feeds no
 * step, so its keys and values at the readout are replaced or hidden.
 */
export async function causalChunk({ folder, questions, shifts }: CausalInput): Promise<CausalOutput> {
  const runtime = await lrmRuntime(folder);
  const { spec } = runtime.lrm;
  const rows = questions.length;
  const count = spec.latents + 1;
  const d = spec.model.hiddenSize;
  const question = padTokens(questions, spec.padId, 'left');
  const clean = await runtime.think()({ question });
  const inputs = clean.inputs.data as Float32Array;
  const swap = new Float32Array(rows * count).fill(shifts.length > 0 ? 0 : Number.NaN);
  const zero = new Float32Array(rows * count);
  const compare = (answers: ArrayLike<number>, into: Float32Array, k: number, weight: number) => {
    for (let b = 0; b < rows; b++) if (answers[b] !== clean.answer.data[b]) into[b * count + k]! += weight;
  };
  for (let k = 0; k < spec.latents; k++) {
    const mask = new Float32Array(rows * spec.latents);
    for (let b = 0; b < rows; b++) mask[b * spec.latents + k] = 1;
    const run = async (embeddings: Float32Array) =>
      (
        await runtime.think()({
          question,
          intervention: { mask: f32(mask, [rows, spec.latents]), embeddings: f32(embeddings, [rows, spec.latents, d]) },
        })
      ).answer.data;
    for (const shift of shifts) compare(await run(rotateRows(inputs, rows, shift)), swap, k, 1 / shifts.length);
    compare(await run(new Float32Array(inputs.length)), zero, k, 1);
  }
  const last = new Float32Array(rows * count);
  for (let b = 0; b < rows; b++) last[b * count + spec.latents] = 1;
  const none = new Float32Array(rows * count);
  const keys = (shift: number, swapMask: Float32Array, hideMask: Float32Array) =>
    runtime.answerWithSwappedKeys({
      question,
      donor: i32(
        Int32Array.from({ length: rows }, (_, b) => (b + shift) % rows),
        [rows],
      ),
      swap: f32(swapMask, [rows, count]),
      hide: f32(hideMask, [rows, count]),
    });
  for (const shift of shifts)
    compare((await keys(shift, last, none)).answer.data, swap, spec.latents, 1 / shifts.length);
  compare((await keys(0, none, last)).answer.data, zero, spec.latents, 1);
  return { swap, zero };
}
export const causalTask = task<CausalInput, CausalOutput>(import.meta.url, causalChunk);

function rotateRows(values: Float32Array, rows: number, shift: number): Float32Array {
  const width = values.length / rows;
  const out = new Float32Array(values.length);
  for (let b = 0; b < rows; b++) {
    const from = (b + shift) % rows;
    out.set(values.subarray(from * width, (from + 1) * width), b * width);
  }
  return out;
}

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

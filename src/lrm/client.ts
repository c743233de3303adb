/**
 * The frozen latent-reasoning model as the main thread sees it: whole lists in, whole lists out.
 *
 * Work is cut into chunks of a fixed number of rows (the last one filled up with the list's first rows), so that every
 * graph sees few shapes and a result never depends on the number of workers.
 */
import type { Pool } from '../tensor/pool.ts';
import { gather } from '../tensor/rows.ts';
import { type Context, contextTokens } from './context.ts';
import { type Lrm, loadLrm } from './folder.ts';
import { type CausalScores, perIntervention } from './interventions.ts';
import { ALTERATIONS, type Alteration, type Outcomes, outcomesTask } from './outcomes.ts';
import { LENS_TOP } from './runtime.ts';
import { answerTask, causalTask, type Lens, lensTask, pointsTask, readTask, thinkTask, writeTask } from './tasks.ts';

type Row = readonly number[];

const CHUNK = 64;
/** Rows of one reading graph: groups of texts per question are kept whole. */
const READ_ROWS = 192;
/** States of one lens. */
const LENS_ROWS = 512;

export interface Thoughts {
  /** [P,n+1,d] */
  readonly states: Float32Array;
  /** Token ids [P]. */
  readonly answers: Int32Array;
  /** Token ids [P,n+1,top], likeliest first. */
  readonly lens: Int32Array;
}

export type Progress = (done: number, total: number) => void;

export interface LrmClient {
  readonly lrm: Lrm;
  /** `top` lens tokens of each state, by default LENS_TOP. */
  think(
    questions: readonly Row[],
    options?: { steps?: number; top?: number; onProgress?: Progress },
  ): Promise<Thoughts>;
  /** `among`: further questions that take part in each chunk as donors and are not intervened on. */
  causal(
    questions: readonly Row[],
    options?: { donors?: number; among?: readonly Row[]; onProgress?: Progress },
  ): Promise<CausalScores>;
  /**
   * States [texts·A,d] of the reader after `at` tokens of each text (default: after all of it, A = 1), in the context of the text's
   * question; 0 tokens is the context's own end.
   */
  read(request: {
    context: Context;
    questions: readonly Row[];
    texts: readonly (readonly Row[])[];
    at?: readonly (readonly Row[])[];
    onProgress?: Progress;
  }): Promise<Float32Array>;
  write(
    prompts: readonly Row[],
    options: { stop: readonly number[]; maxNewTokens: number; onProgress?: Progress },
  ): Promise<{ tokens: number[]; stopped: boolean }[]>;
  answers(prompts: readonly Row[]): Promise<Int32Array>;
  /** What the answers become where a step is done away with, and where thinking stops early. */
  outcomes(questions: readonly Row[], onProgress?: Progress): Promise<Outcomes>;
  /** Outputs of blocks (from 0, not the last) at `<bot>` and the latent steps: [P,N+1,blocks,d]. */
  points(questions: readonly Row[], blocks: readonly number[]): Promise<Float32Array>;
  /** The logit lens of states [n,d]. */
  lens(states: Float32Array, top: number): Promise<Lens>;
}

/** Runs `work` on chunks of `size` items, in parallel on the pool, in order; the last chunk is filled up with its last item. */
export async function inChunks<T, R>(
  items: readonly T[],
  size: number,
  work: (chunk: T[]) => Promise<R>,
  onProgress?: Progress,
): Promise<R[]> {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) {
    const chunk = items.slice(i, i + size);
    if (items.length > size) chunk.push(...items.slice(0, size - chunk.length));
    chunks.push(chunk);
  }
  let done = 0;
  return Promise.all(
    chunks.map(async chunk => {
      const result = await work(chunk);
      done += size;
      onProgress?.(Math.min(done, items.length), items.length);
      return result;
    }),
  );
}

function concat<T extends Float32Array | Int32Array>(parts: readonly T[], length: number, make: (n: number) => T): T {
  const out = make(length);
  let offset = 0;
  for (const part of parts) {
    const take = Math.min(part.length, length - offset);
    out.set(part.subarray(0, take), offset);
    offset += take;
  }
  return out;
}

const floats = (parts: readonly Float32Array[], n: number) => concat(parts, n, size => new Float32Array(size));
const ints = (parts: readonly Int32Array[], n: number) => concat(parts, n, size => new Int32Array(size));

export async function createLrmClient(pool: Pool, folder: string, signal?: AbortSignal): Promise<LrmClient> {
  const lrm = await loadLrm(folder);
  const { spec } = lrm;
  const d = spec.model.hiddenSize;
  const options = signal ? { signal } : {};
  return {
    lrm,

    async think(questions, { steps = spec.latents, top = LENS_TOP, onProgress } = {}) {
      const parts = await inChunks(
        questions,
        CHUNK,
        chunk => pool.run(thinkTask, { folder, questions: chunk, steps, top }, options),
        onProgress,
      );
      const n = questions.length;
      return {
        states: floats(
          parts.map(p => p.states),
          n * (steps + 1) * d,
        ),
        answers: ints(
          parts.map(p => p.answers),
          n,
        ),
        lens: ints(
          parts.map(p => p.lens),
          n * (steps + 1) * top,
        ),
      };
    },

    async causal(questions, { donors = 4, among = [], onProgress } = {}) {
      const others = Math.min(questions.length, CHUNK) + among.length - 1;
      const count = Math.min(donors, others);
      const shifts = Array.from({ length: count }, (_, i) => 1 + Math.floor((i * others) / count));
      const parts = await inChunks(
        questions,
        CHUNK,
        chunk =>
          pool.run(causalTask, { folder, questions: [...chunk, ...among], subjects: chunk.length, shifts }, options),
        onProgress,
      );
      const n = questions.length * (spec.latents + 1);
      return perIntervention((site, kind) =>
        floats(
          parts.map(part => part[site][kind]),
          n,
        ),
      );
    },

    async read({ context, questions, texts, at, onProgress }) {
      const group = texts.reduce((most, own) => Math.max(most, own.length), 0);
      if (texts.some(t => t.length !== group))
        throw new RangeError(`every question needs the same number of texts, here up to ${group}`);
      const picks = at?.[0]?.[0]?.length ?? 1;
      const items = questions.map((own, i) => {
        const { question, lead } = contextTokens(context, own, spec);
        const whole = texts[i]!.map(text => [...lead, ...text]);
        const ends = at?.[i]?.map(row => row.map(n => lead.length + n)) ?? whole.map(text => [text.length]);
        return { question, texts: whole, at: ends };
      });
      const longest = items.reduce((most, item) => Math.max(most, ...item.texts.map(text => text.length)), 0);
      const width = Math.max(8, Math.ceil(longest / 8) * 8);
      const size = Math.max(1, Math.floor(READ_ROWS / group));
      const parts = await inChunks(
        items,
        size,
        chunk =>
          pool.run(
            readTask,
            {
              folder,
              questions: chunk.map(c => c.question),
              texts: chunk.flatMap(c => c.texts),
              at: chunk.flatMap(c => c.at),
              width,
            },
            options,
          ),
        onProgress,
      );
      return floats(parts, questions.length * group * picks * d);
    },

    async write(prompts, { stop, maxNewTokens, onProgress }) {
      const parts = await inChunks(
        prompts,
        CHUNK,
        chunk => pool.run(writeTask, { folder, prompts: chunk, stop, maxNewTokens }, options),
        onProgress,
      );
      return parts
        .flatMap(p => p.tokens.map((tokens, i) => ({ tokens, stopped: p.stopped[i]! })))
        .slice(0, prompts.length);
    },

    async answers(prompts) {
      const parts = await inChunks(prompts, CHUNK, chunk => pool.run(answerTask, { folder, prompts: chunk }, options));
      return ints(parts, prompts.length);
    },

    async outcomes(questions, onProgress) {
      const rows = Math.min(questions.length, CHUNK);
      const shifts = [1 % rows, Math.ceil(rows / 2) % rows] as const;
      const parts = await inChunks(
        questions,
        CHUNK,
        chunk => pool.run(outcomesTask, { folder, questions: chunk, shifts }, options),
        onProgress,
      );
      const whole = (pick: (part: Outcomes) => Int32Array) =>
        ints(parts.map(pick), questions.length * (spec.latents + 1));
      const altered = ALTERATIONS.map(kind => [kind, whole(part => part.altered[kind])] as const);
      return {
        early: whole(part => part.early),
        altered: Object.fromEntries(altered) as Record<Alteration, Int32Array>,
      };
    },

    async points(questions, blocks) {
      const parts = await inChunks(questions, CHUNK, chunk =>
        pool.run(pointsTask, { folder, questions: chunk, blocks }, options),
      );
      return floats(parts, questions.length * (spec.latents + 1) * blocks.length * d);
    },

    async lens(states, top) {
      const n = states.length / d;
      const rows = Array.from({ length: n }, (_, i) => i);
      const parts = await inChunks(rows, LENS_ROWS, chunk => {
        return pool.run(lensTask, { folder, states: gather(states, chunk, d), top }, options);
      });
      return {
        tokens: ints(
          parts.map(part => part.tokens),
          n * top,
        ),
        entropy: floats(
          parts.map(part => part.entropy),
          n,
        ),
      };
    },
  };
}

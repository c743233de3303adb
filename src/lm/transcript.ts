/**
 * What a batch of rows has written so far, call by call, and where each row ended. Tokens after a row's end are dropped
 * here: they read as `padId` with log-probability 0.
 */
import type { HostArray } from '../tensor/index.ts';

export class Transcript {
  readonly tokens: Int32Array;
  readonly logprobs: Float32Array;
  readonly lengths: Int32Array;
  readonly stopped: Uint8Array;
  /** The last call's last tokens [B], ended rows' too: what a continuation reads. */
  lastTokens = new Int32Array(0);
  /** Tokens per row that have been computed. */
  width = 0;
  private readonly rows: number;
  private readonly limit: number;
  private readonly stop: ReadonlySet<number>;
  private open: number;

  constructor(rows: number, limit: number, stop: readonly number[], padId: number) {
    this.rows = rows;
    this.limit = limit;
    this.stop = new Set(stop);
    this.open = rows;
    this.tokens = new Int32Array(rows * limit).fill(padId);
    this.logprobs = new Float32Array(rows * limit);
    this.lengths = new Int32Array(rows);
    this.stopped = new Uint8Array(rows);
  }

  /** Whether there is nothing left to write. */
  get ended(): boolean {
    return this.open === 0 || this.width >= this.limit;
  }

  /** Takes the next columns, tokens and logprobs [B,n]. */
  add(written: { readonly tokens: HostArray; readonly logprobs: HostArray }): void {
    const count = written.tokens.shape[1]!;
    const kept = Math.min(count, this.limit - this.width);
    this.lastTokens = Int32Array.from({ length: this.rows }, (_, b) => written.tokens.data[b * count + count - 1]!);
    for (let b = 0; b < this.rows; b++) {
      for (let i = 0; i < kept && !this.stopped[b]; i++) {
        const token = written.tokens.data[b * count + i]!;
        const place = b * this.limit + this.width + i;
        this.tokens[place] = token;
        this.logprobs[place] = written.logprobs.data[b * count + i]!;
        this.lengths[b]! += 1;
        if (!this.stop.has(token)) continue;
        this.stopped[b] = 1;
        this.open -= 1;
      }
    }
    this.width += count;
  }
}

/** Columns `from` … `from + count` of a [rows, width] array, 0 beyond its width. */
export function columns(data: Float32Array, rows: number, width: number, from: number, count: number): Float32Array {
  const out = new Float32Array(rows * count);
  for (let b = 0; b < rows; b++) {
    const end = Math.min(from + count, width);
    out.set(data.subarray(b * width + Math.min(from, width), b * width + end), b * count);
  }
  return out;
}

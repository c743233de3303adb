/**
 * Keys and values of the text so far, in typed arrays that graphs read by reference: each call's new rows are written
 * behind the old ones, and the mask says where there are tokens.
 */
import { f32, type Host, type HostArray } from '../tensor/index.ts';
import type { ModelSpec } from './spec.ts';
import type { Segment } from './transformer.ts';

export class KeyStore {
  /** What a graph takes as a past segment; its arrays change with `append`, so only between calls. */
  readonly segment: Host<Segment>;
  private readonly rows: number;
  private readonly capacity: number;
  private filled = 0;

  /** Empty, with room for `capacity` tokens per row. */
  constructor(spec: Pick<ModelSpec, 'layers' | 'kvHeads' | 'headDim'>, rows: number, capacity: number) {
    const shape = [rows, spec.kvHeads, capacity, spec.headDim];
    const empty = () => f32(new Float32Array(rows * spec.kvHeads * capacity * spec.headDim), shape);
    this.rows = rows;
    this.capacity = capacity;
    this.segment = {
      k: Array.from({ length: spec.layers }, empty),
      v: Array.from({ length: spec.layers }, empty),
      mask: f32(new Float32Array(rows * capacity), [rows, capacity]),
    };
  }

  /** Writes the tokens of `fresh` behind those that are here. */
  append(fresh: Host<Segment>): void {
    const [, length = 0] = fresh.mask.shape;
    fresh.k.forEach((k, layer) => {
      this.copy(k, this.segment.k[layer]!, length);
    });
    fresh.v.forEach((v, layer) => {
      this.copy(v, this.segment.v[layer]!, length);
    });
    const mask = this.segment.mask.data as Float32Array;
    for (let b = 0; b < this.rows; b++) {
      const row = (fresh.mask.data as Float32Array).subarray(b * length, (b + 1) * length);
      mask.set(row, b * this.capacity + this.filled);
    }
    this.filled += length;
  }

  /** Row b becomes what row `from[b]` was. */
  reorder(from: ArrayLike<number>): void {
    for (const { data } of [...this.segment.k, ...this.segment.v, this.segment.mask]) {
      const rows = data as Float32Array;
      const size = rows.length / this.rows;
      const before = rows.slice();
      for (let b = 0; b < this.rows; b++) rows.set(before.subarray(from[b]! * size, (from[b]! + 1) * size), b * size);
    }
  }

  private copy(from: HostArray, to: HostArray, length: number): void {
    const [rows = 0, heads = 0, , width = 0] = to.shape;
    const source = from.data as Float32Array;
    const target = to.data as Float32Array;
    for (let i = 0; i < rows * heads; i++) {
      const part = source.subarray(i * length * width, (i + 1) * length * width);
      target.set(part, (i * this.capacity + this.filled) * width);
    }
  }
}

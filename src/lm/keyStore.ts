/**
 * Keys and values of a text being written, in typed arrays that graphs read by reference: each call's new rows are
 * written behind the old ones, and the mask says how far they reach. Nothing that was written is ever moved.
 */
import { f32, type Host, type HostArray } from '../tensor/index.ts';
import type { Segment } from './transformer.ts';

export class KeyStore {
  readonly segment: Host<Segment>;
  private readonly rows: number;
  private readonly capacity: number;
  private filled = 0;

  /** Room for `capacity` tokens per row, in the layout of `first`, which is written at once. */
  constructor(first: Host<Segment>, capacity: number) {
    const [rows = 0] = first.mask.shape;
    this.rows = rows;
    this.capacity = capacity;
    const empty = ({ shape }: HostArray) => {
      const room = [shape[0]!, shape[1]!, capacity, shape[3]!];
      return f32(new Float32Array(room.reduce((product, size) => product * size, 1)), room);
    };
    this.segment = {
      k: first.k.map(empty),
      v: first.v.map(empty),
      mask: f32(new Float32Array(rows * capacity), [rows, capacity]),
    };
    this.append(first);
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
    for (let b = 0; b < this.rows; b++) {
      const row = (fresh.mask.data as Float32Array).subarray(b * length, (b + 1) * length);
      (this.segment.mask.data as Float32Array).set(row, b * this.capacity + this.filled);
    }
    this.filled += length;
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

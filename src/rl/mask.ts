/**
 * Which tokens of a batch of texts count. Texts are rows of one width, arrays over them are row-major [rows·width], and the
 * mask is 1 at a text's own tokens (its stop token included) and 0 at padding, wherever the padding stands. What an array
 * holds at padding is never read; results are 0 there.
 */
import { RecodiError } from '../run/errors.ts';

/** lengths [rows] -> mask [rows·width] of texts that are padded on the right. */
export function responseMask(lengths: ArrayLike<number>, width: number): Float32Array {
  const mask = new Float32Array(lengths.length * width);
  for (let row = 0; row < lengths.length; row++) mask.fill(1, row * width, row * width + lengths[row]!);
  return mask;
}

/** Number of tokens under the mask: what a batch's losses are divided by. */
export function tokenCount(mask: Float32Array): number {
  return mask.reduce((sum, x) => sum + x, 0);
}

/** Rows of a mask of that width; throws `internal` where they do not come out whole or an array has another size. */
export function rowsOf(mask: Float32Array, width: number, ...arrays: readonly ArrayLike<number>[]): number {
  if (mask.length % width !== 0 || arrays.some(array => array.length !== mask.length)) {
    const sizes = [mask, ...arrays].map(array => array.length);
    throw new RecodiError(
      'internal',
      `expected token arrays of one size, a multiple of the width ${width}, got ${sizes}`,
    );
  }
  return mask.length / width;
}

/** [rows·width] -> [rows]: sums of each row under the mask. */
export function rowSums(values: ArrayLike<number>, mask: Float32Array, width: number): Float64Array {
  const rows = rowsOf(mask, width, values);
  const sums = new Float64Array(rows);
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) sums[Math.floor(i / width)]! += values[i]!;
  return sums;
}

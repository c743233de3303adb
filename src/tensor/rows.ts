/** Rows of flat arrays [n,d]. */

/** The rows of those numbers, in that order: [rows,d]. */
export function gather<T extends Float32Array | Int32Array>(values: T, rows: readonly number[], d: number): T {
  const out = new (values.constructor as new (length: number) => T)(rows.length * d);
  rows.forEach((row, i) => {
    out.set(values.subarray(row * d, (row + 1) * d), i * d);
  });
  return out;
}

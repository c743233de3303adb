/** `rows` in their order, `size` at a time; the last micro-batch may have fewer. */
export function inMicroBatches<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}

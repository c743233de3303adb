/**
 * How a batch of texts is cut into micro-batches: the longest are dealt first, to and fro, so that all micro-batches have like
 * numbers of tokens. Then workers end together, and few shapes are ever compiled.
 */

/** Which texts (positions in `lengths`) each micro-batch has, at most `size`. Equal lengths are dealt in their order. */
export function microBatchesOf(lengths: ArrayLike<number>, size: number): number[][] {
  const order = Array.from(lengths, (_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const parts = Array.from({ length: Math.ceil(order.length / size) }, (): number[] => []);
  const last = parts.length - 1;
  order.forEach((row, i) => {
    const along = i % (2 * parts.length);
    parts[along <= last ? along : 2 * last + 1 - along]!.push(row);
  });
  return parts;
}

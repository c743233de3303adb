/**
 * How a batch of texts is cut into micro-batches: texts of like length together, so that little of what is computed is padding;
 * the longest first, so that no worker begins with the most work when the others end.
 */

/** Widths are multiples of this, so that few shapes are ever compiled. */
const STEP = 4;

export interface MicroBatch {
  /** Which of the batch's texts, as positions in `lengths`; longest first, equal lengths in their order. */
  readonly rows: readonly number[];
  /** Tokens per row; no text of the micro-batch is longer. */
  readonly width: number;
}

/** Every text in one micro-batch of `size` texts (the last may have fewer); none is wider than `longest`. */
export function microBatchesOf(lengths: ArrayLike<number>, size: number, longest: number): MicroBatch[] {
  const order = Array.from(lengths, (_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, n) => {
    const rows = order.slice(n * size, (n + 1) * size);
    const needed = Math.ceil(lengths[rows[0]!]! / STEP) * STEP;
    return { rows, width: Math.min(longest, Math.max(STEP, needed)) };
  });
}

/** Mean and deviation of each layer's vectors, over all steps of the training problems. */
import { columnDeviation, columnMean } from '../lrm/similarity.ts';
import type { Vectors } from './facts.ts';
import type { Statistics } from './rows.ts';

export function statisticsOf(vectors: Vectors, d: number): Statistics {
  return new Map(
    [...vectors].map(([layer, all]) => [layer, { mean: columnMean(all, d), deviation: columnDeviation(all, d) }]),
  );
}

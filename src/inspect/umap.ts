/** Worker task: UMAP of vectors, by umap-js, from a seed: the same vectors get the same map. */
import { UMAP } from 'umap-js';
import { stream } from '../run/random.ts';
import { task } from '../tensor/task.ts';

interface UmapRequest {
  /** [n,d] */
  readonly rows: Float32Array;
  readonly d: number;
  readonly seed: number;
}

/** As in the paper (arXiv 1802.03426) and its implementation. */
const NEIGHBOURS = 15;

/** Fewer have no neighbours enough. */
export const LEAST_ROWS = NEIGHBOURS + 1;

/** Places [n,2]. */
export async function umapOf({ rows, d, seed }: UmapRequest): Promise<Float32Array> {
  const vectors = Array.from({ length: rows.length / d }, (_, i) => [...rows.subarray(i * d, (i + 1) * d)]);
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, random: stream(seed, 'inspect.umap') });
  return Float32Array.from(umap.fit(vectors).flat());
}
export const umapTask = task<UmapRequest, Float32Array>(import.meta.url, umapOf);

/**
 * The vectors of labels in two dimensions, and the states that their explanations leave beside them: by principal components at
 * once, by UMAP in a worker thread. A map is made once for as long as the files are the same.
 */
import { RecodiError } from '../run/errors.ts';
import { gather } from '../tensor/rows.ts';
import { keptPer } from './keptPer.ts';
import { onPlane, principalPlane } from './plane.ts';
import { short } from './problems.ts';
import type { LabelVectors, RunReader } from './runReader.ts';
import { LEAST_ROWS, umapTask } from './umap.ts';
import type { MapAnswer } from './wire.ts';

type MapMethod = MapAnswer['method'];
export const MAP_METHODS: readonly MapMethod[] = ['pca', 'umap'];

const mapsOf = keptPer((_vectors: LabelVectors) => new Map<string, Promise<string>>());

/** `MapAnswer` as JSON: of one view's vectors, or of all. @throws RecodiError('usage') for a view that the labels have not. */
export function mapJson(run: RunReader, method: MapMethod, view: string | undefined): Promise<string> {
  const vectors = run.vectors();
  const maps = mapsOf(vectors);
  const key = JSON.stringify([method, view]);
  const known = maps.get(key);
  if (known) return known;
  const made = mapOf(run, vectors, method, view).then(map => JSON.stringify(map));
  maps.set(key, made);
  made.catch(() => maps.delete(key));
  return made;
}

async function mapOf(
  run: RunReader,
  vectors: LabelVectors,
  method: MapMethod,
  view: string | undefined,
): Promise<MapAnswer> {
  const { d, targets, readouts } = vectors;
  const labels = run.rows();
  const rows = [...labels.keys()].filter(row => view === undefined || labels[row]!.view === view);
  if (rows.length === 0) throw new RecodiError('usage', `${run.folder}: no label is of view ${view}.`);
  const chosen = gather(targets, rows, d);
  const names = {
    problem: rows.map(row => labels[row]!.problem),
    view: rows.map(row => labels[row]!.view),
  };
  if (method === 'umap') {
    const points = await umap({ rows: chosen, d, seed: run.config().seed ?? 0 });
    return { method, explained: null, ...names, targets: placesOf(points), texts: null };
  }
  const plane = principalPlane(chosen, d);
  const texts = readouts && onPlane(plane, gather(readouts, rows, d));
  return {
    method,
    explained: plane.explained,
    ...names,
    targets: placesOf(onPlane(plane, chosen)),
    texts: texts && placesOf(texts),
  };
}

/** [n,2] -> columns. */
function placesOf(points: Float32Array): { x: number[]; y: number[] } {
  const column = (of: 0 | 1) => Array.from({ length: points.length / 2 }, (_, i) => short(points[2 * i + of]!));
  return { x: column(0), y: column(1) };
}

/** One at a time: each takes a core for as long as it lasts. */
let latest: Promise<unknown> = Promise.resolve();

function umap(request: Parameters<typeof umapInThread>[0]): Promise<Float32Array> {
  const made = latest.then(() => umapInThread(request));
  latest = made.catch(() => undefined);
  return made;
}

async function umapInThread(request: { rows: Float32Array; d: number; seed: number }): Promise<Float32Array> {
  const count = request.rows.length / request.d;
  if (count < LEAST_ROWS)
    throw new RecodiError('usage', `UMAP takes at least ${LEAST_ROWS} thoughts, and here are ${count}; look at PCA.`);
  const { createPool } = await import('../tensor/pool.ts');
  const pool = createPool({ workers: 1, device: 'cpu' });
  try {
    return await pool.run(umapTask, request);
  } finally {
    await pool.close();
  }
}

/** Principal components: the plane on which vectors vary most, and where vectors lie on it. */
import { covariance, EigenvalueDecomposition, Matrix } from 'ml-matrix';

export interface Plane {
  /** [d] */
  readonly centre: Float64Array;
  /** Two unit vectors [d], the one with more variance first. */
  readonly axes: readonly [Float64Array, Float64Array];
  /** Share of the vectors' variance that lies along each; 0 where they have none. */
  readonly explained: readonly [number, number];
}

/** Vectors that a plane is fitted to at most, taken evenly: the covariance of more would keep the server from answering. */
const FITTED = 4096;

/** rows [n,d], n ≥ 1, d ≥ 2. An axis points to where its largest coefficient is positive, so that a map is the same every time. */
export function principalPlane(rows: Float32Array, d: number): Plane {
  const n = rows.length / d;
  const count = Math.min(n, FITTED);
  const taken = Matrix.zeros(count, d);
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * n) / count);
    taken.setRow(i, [...rows.subarray(row * d, (row + 1) * d)]);
  }
  const centre = Float64Array.from(taken.mean('column'));
  const spread = count > 1 ? covariance(taken) : Matrix.zeros(d, d);
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(spread, {
    assumeSymmetric: true,
  });
  const [first, second] = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!) as [number, number];
  const total = values.reduce((a, b) => a + b, 0);
  const share = (at: number) => (total > 0 ? Math.max(0, values[at]!) / total : 0);
  const axis = (at: number) => pointed(Float64Array.from(vectors.getColumn(at)));
  return { centre, axes: [axis(first), axis(second)], explained: [share(first), share(second)] };
}

function pointed(axis: Float64Array): Float64Array {
  const largest = axis.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return largest < 0 ? axis.map(x => -x) : axis;
}

/** rows [n,d] -> their places [n,2]. */
export function onPlane({ centre, axes }: Plane, rows: Float32Array): Float32Array {
  const d = centre.length;
  return Float32Array.from({ length: (2 * rows.length) / d }, (_, at) => {
    const row = (at >> 1) * d;
    const axis = axes[at & 1]!;
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (rows[row + k]! - centre[k]!) * axis[k]!;
    return sum;
  });
}

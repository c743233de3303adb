/** Worker task: linear probes, one ridge regression to the classes of several contents at once; a class is the largest output. */
import { task } from '../tensor/task.ts';
import { fitAffine, translate } from './translator.ts';

export interface ProbeRequest {
  /** [n,m] to fit on, and [h,m] held out. */
  readonly inputs: Float32Array;
  readonly heldInputs: Float32Array;
  readonly m: number;
  /** Of each content the class of every problem: [contents][n], and [contents][h]; a class that is not met in fitting is never found. */
  readonly classes: readonly (readonly number[])[];
  readonly heldClasses: readonly (readonly number[])[];
  /** Times the mean eigenvalue of the inputs' covariance. */
  readonly ridge: number;
}

/** Share of the held-out problems whose class is found, by content. */
export async function probeChunk(request: ProbeRequest): Promise<number[]> {
  const { inputs, heldInputs, m, classes, heldClasses, ridge } = request;
  const counts = classes.map(list => 1 + Math.max(...list));
  const d = counts.reduce((sum, count) => sum + count, 0);
  const starts = counts.map((_, c) => counts.slice(0, c).reduce((sum, count) => sum + count, 0));
  const outputs = new Float32Array((inputs.length / m) * d);
  classes.forEach((list, c) => {
    list.forEach((found, row) => {
      outputs[row * d + starts[c]! + found] = 1;
    });
  });
  const scores = translate(fitAffine({ inputs, outputs, m, d, ridge }), heldInputs);
  return heldClasses.map((list, c) => {
    const own = (row: number) => scores.subarray(row * d + starts[c]!, row * d + starts[c]! + counts[c]!);
    const right = list.filter(
      (found, row) => own(row).reduce((best, x, i, all) => (x > all[best]! ? i : best), 0) === found,
    );
    return right.length / list.length;
  });
}
export const probeTask = task<ProbeRequest, number[]>(import.meta.url, probeChunk);

/** What exports are made of: labels as they were read back, those that were accepted with their vectors, and whose thoughts they are. */
import type { Lrm } from '../../lrm/folder.ts';
import type { CalibrationFile } from '../calibrated.ts';
import type { Labels } from '../read.ts';
import type { Label } from '../schema.ts';

export interface AcceptedRow {
  readonly label: Label & { readonly explanation: string };
  /** [d], as it was read. */
  readonly vector: Float32Array;
  /** K of [d], as the model had them. */
  readonly latents: readonly Float32Array[];
}

export interface Source {
  readonly labels: Labels;
  readonly calibration: CalibrationFile;
  readonly lrm: Pick<Lrm, 'spec' | 'tokenizer'>;
  /** The latent-reasoning model's folder, as the run names it. */
  readonly model: string;
  /** Kind of problems. */
  readonly world: string;
}

/** The labels that may be learned from. */
export function acceptedRows({ labels, vectors, latents, steps, hiddenSize: d }: Labels): AcceptedRow[] {
  return labels.flatMap((label, i) => {
    const { explanation, accepted } = label;
    if (!accepted || explanation === null) return [];
    const own = Array.from({ length: steps }, (_, k) => latents.subarray((i * steps + k) * d, (i * steps + k + 1) * d));
    return [{ label: { ...label, explanation }, vector: vectors.subarray(i * d, (i + 1) * d), latents: own }];
  });
}

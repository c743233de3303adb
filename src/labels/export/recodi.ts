/**
 * recodi's own format, of which all others are made (../read.ts reads it): labels.jsonl, one label per problem and view (../schema.ts),
 * and vectors.safetensors, the same rows, whose `labels_sha256` says which labels.jsonl they belong to. All labels are in it, accepted
 * or not. Vectors are raw, never normalised.
 */
import { join } from 'node:path';
import { sha256 } from '../../run/config/pin.ts';
import { writeFileAtomic } from '../../run/files.ts';
import { formatJsonl } from '../../run/jsonl.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import { LABELS_FILE, VECTORS_FILE } from '../read.ts';
import { type Label, labelSchema } from '../schema.ts';
import { columnsOf } from './columns.ts';
import type { Exporter } from './exporter.ts';

export interface Row {
  readonly label: Label;
  /** [d], as it was read. */
  readonly vector: Float32Array;
  /** [K,d], as the model had them. */
  readonly latents: Float32Array;
  /** [d], the state that the explanation leaves. */
  readonly readout: Float32Array;
}

/** Writes both files, each whole or not at all; returns the SHA-256 of labels.jsonl. */
export function writeLabels(folder: string, rows: readonly Row[]): string {
  const [n, d] = [rows.length, rows[0]!.vector.length];
  const steps = rows[0]!.latents.length / d;
  const text = formatJsonl(rows.map(row => row.label));
  const hash = sha256(text);
  writeSafetensors(
    join(folder, VECTORS_FILE),
    {
      vectors: { dtype: 'F32', shape: [n, d], data: joined(rows.map(row => row.vector)) },
      latents: { dtype: 'F32', shape: [n, steps, d], data: joined(rows.map(row => row.latents)) },
      readouts: { dtype: 'F32', shape: [n, d], data: joined(rows.map(row => row.readout)) },
    },
    { format: '1', space: 'final_norm', labels_sha256: hash },
  );
  writeFileAtomic(join(folder, LABELS_FILE), text);
  return hash;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export const recodi: Exporter = {
  files: [LABELS_FILE, VECTORS_FILE],
  card: 'README.md',
  what: 'every label with all that is known of it, accepted or not; row i of the vectors is of line i',
  columns: () => columnsOf(labelSchema),
  // What was read back is what there is to write.
  write: (_, { labels }) => ({ rows: labels.labels.length, leftOut: [] }),
};

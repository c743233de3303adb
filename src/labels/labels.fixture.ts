/** A folder of labels as `recodi label` writes it. */
import { join } from 'node:path';
import { perIntervention } from '../lrm/interventions.ts';
import { sha256 } from '../run/config/pin.ts';
import { makeFolder, writeFileAtomic } from '../run/files.ts';
import { writeSafetensors } from '../tensor/safetensors.ts';
import { assembleLabel } from './assemble.ts';
import { LABELS_FILE, VECTORS_FILE } from './read.ts';
import { beside, problem, reading } from './reading.fixture.ts';
import type { Label } from './schema.ts';

/** Of step 1 of the problem called `id`. */
export const labelOf = (id: string, text: string | null = reading.text): Label =>
  assembleLabel({
    problem: { ...problem, id },
    view: { id: 'k1@1.result', steps: [1], space: 'translated', anchor: { step: 1, point: 'result' } },
    reading: { ...reading, text, verdicts: { ...reading.verdicts, adds: { holds: true, reason: 'right more often' } } },
    beside,
    probability: 0.95,
    accept: 0.9,
    causal: perIntervention((_, kind) => [kind === 'zero' ? Number.NaN : 0.5]),
    lens: [['5', '6']],
    answers: { latent: '22', gold: '22' },
    equations: { maxOperators: 1 },
    provenance: { run: 'small', config_sha256: 'c0ffee', recodi: '0.1.0', decode: 'chain', reward: 'whitened_cosine' },
  });

export interface Rows {
  readonly lines: readonly string[];
  /** [n,d] */
  readonly vectors: readonly (readonly number[])[];
  /** [n,K,d]; the vectors, K being 1, unless said. */
  readonly latents?: readonly (readonly (readonly number[])[])[];
  /** [n,d]; the vectors unless said. */
  readonly readouts?: readonly (readonly number[])[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export function writeRows(folder: string, { lines, vectors, metadata, ...rows }: Rows): void {
  const latents = rows.latents ?? vectors.map(vector => [vector]);
  const readouts = rows.readouts ?? vectors;
  const text = lines.map(line => `${line}\n`).join('');
  makeFolder(folder);
  writeFileAtomic(join(folder, LABELS_FILE), text);
  const [d, K, width] = [vectors[0]!.length, latents[0]!.length, latents[0]![0]!.length];
  writeSafetensors(
    join(folder, VECTORS_FILE),
    {
      vectors: { dtype: 'F32', shape: [vectors.length, d], data: Float32Array.from(vectors.flat()) },
      latents: { dtype: 'F32', shape: [latents.length, K, width], data: Float32Array.from(latents.flat(2)) },
      readouts: {
        dtype: 'F32',
        shape: [readouts.length, readouts[0]!.length],
        data: Float32Array.from(readouts.flat()),
      },
    },
    { format: '1', space: 'final_norm', labels_sha256: sha256(text), ...metadata },
  );
}

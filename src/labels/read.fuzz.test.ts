import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { sha256 } from '../run/config/pin.ts';
import { readText } from '../run/files.ts';
import { writeSafetensors } from '../tensor/safetensors.ts';
import { labelOf, writeRows } from './labels.fixture.ts';
import { LABELS_FILE, type Labels, readLabels, VECTORS_FILE } from './read.ts';
import { labelSchema } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-damaged-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));
const vectors = [
  [1, 2, 3],
  [4, 5, 6],
];
writeRows(folder, { lines: ['p1', 'p2'].map(id => JSON.stringify(labelOf(id))), vectors });
const { [LABELS_FILE]: lines, [VECTORS_FILE]: tensors } = filesOf(folder);

function check({ labels, vectors, latents, steps, hiddenSize: d }: Labels): void {
  const n = labels.length;
  expect(n).toBeGreaterThan(0);
  expect([vectors.length, latents.length]).toEqual([n * d, n * steps * d]);
  expect([...vectors, ...latents].every(Number.isFinite)).toBe(true);
  expect(new Set(labels.map(label => label.id)).size).toBe(n);
  for (const label of labels) {
    const text = JSON.stringify(label);
    expect(JSON.stringify(labelSchema.parse(JSON.parse(text)))).toBe(text);
    expect([label.scores.similarity, label.scores.fve].every(Number.isFinite)).toBe(true);
    expect(label.steps).toHaveLength(steps);
  }
}

it('of damaged files of labels are kept sound rows or none', async () => {
  await survivesDamage({ files: { [LABELS_FILE]: lines!, [VECTORS_FILE]: tensors! }, read: readLabels, check });
});

it('of damaged lines to which the vectors belong are kept labels or none', async () => {
  await survivesDamage({
    files: { [LABELS_FILE]: lines! },
    read(from) {
      const text = readText(join(from, LABELS_FILE));
      const n = text.replace(/\n$/, '').split('\n').length;
      const tensor = (shape: number[]) => ({ dtype: 'F32' as const, shape, data: new Float32Array(n).fill(1) });
      writeSafetensors(
        join(from, VECTORS_FILE),
        { vectors: tensor([n, 1]), latents: tensor([n, 1, 1]), readouts: tensor([n, 1]) },
        { format: '1', space: 'final_norm', labels_sha256: sha256(text) },
      );
      return readLabels(from);
    },
    check,
  });
});

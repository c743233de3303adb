import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainConfigSchema } from '../rl/config.ts';
import { runPaths } from '../run/paths.ts';
import { createShared } from '../tensor/shared.ts';
import { calibrationPath, keepCalibration, keptLabels } from './kept.ts';
import { labelOf, writeRows } from './labels.fixture.ts';
import { LABELS_FILE, readLabels, VECTORS_FILE } from './read.ts';

const paths = runPaths(mkdtempSync(join(tmpdir(), 'recodi-kept-')));
const run = (set: object = {}, policy = [1, 2, 3]) => ({
  paths,
  config: trainConfigSchema.parse({ name: 'small', lrm: 'none', ...set }),
  trained: createShared('policy', Float32Array.from(policy)),
});

function written(): void {
  rmSync(paths.labels, { recursive: true, force: true });
  writeRows(paths.labels, { lines: [JSON.stringify(labelOf('p1'))], vectors: [[1, 2]] });
  keepCalibration(run(), { labels_sha256: readLabels(paths.labels).sha256, views: {} });
}

/** The labels that were kept of a run, and the notes. */
function kept(of = run()) {
  const notes: string[] = [];
  return { made: keptLabels(of, line => notes.push(line)), notes };
}

it('labels are kept of the policy and settings that made them, and that is said', () => {
  expect(kept()).toEqual({ made: undefined, notes: [] });
  written();
  const { made, notes } = kept(run({ workers: 7 }));
  expect(made!.labels.labels).toEqual([labelOf('p1')]);
  expect(made!.calibration.accept).toBe(0.9);
  expect(notes).toEqual([expect.stringMatching(/not read again; remove the folder to have them made anew\.$/)]);
  for (const other of [run({ labels: { accept: 0.8 } }), run({}, [1, 2, 4])])
    expect(kept(other)).toEqual({ made: undefined, notes: [expect.stringMatching(/they are made anew\.$/)] });
});

it.each([
  ['labels that were changed', () => writeRows(paths.labels, { lines: ['{}'], vectors: [[1, 2]] })],
  [
    'other labels that are whole',
    () => writeRows(paths.labels, { lines: [JSON.stringify(labelOf('p2'))], vectors: [[1, 2]] }),
  ],
  ['labels without vectors', () => rmSync(join(paths.labels, VECTORS_FILE))],
  ['damaged labels', () => writeFileSync(join(paths.labels, LABELS_FILE), '{')],
  ['labels that were not all written', () => rmSync(calibrationPath({ paths }))],
  ['a calibration that is none', () => writeFileSync(calibrationPath({ paths }), '{"format":1}')],
])('%s are made anew', (_, damage) => {
  written();
  damage();
  expect(kept()).toEqual({ made: undefined, notes: [expect.stringMatching(/they are made anew\.$/)] });
});

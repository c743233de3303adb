import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { RecodiError } from '../run/errors.ts';
import { packageFolder } from '../run/package.ts';
import { runPaths } from '../run/paths.ts';
import { createShared } from '../tensor/shared.ts';
import { keepCalibration, keptLabels } from './kept.ts';
import { labelOf, writeRows } from './labels.fixture.ts';
import { readLabels } from './read.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-damaged-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));
const config = trainConfigSchema.parse({ name: 'small', lrm: 'none' });
const trained = createShared('policy', Float32Array.of(1, 2, 3));
const runIn = (of: string) => ({ paths: runPaths(of), config, trained });

const { paths } = runIn(folder);
writeRows(paths.labels, { lines: [JSON.stringify(labelOf('p1'))], vectors: [[1, 2, 3]] });
const { sha256 } = readLabels(paths.labels);
keepCalibration(runIn(folder), { labels_sha256: sha256, views: { k1: { labels: 1, accepted: 1, calibration: null } } });

it('labels that are kept are those that were made, or none', async () => {
  await survivesDamage({
    files: filesOf(folder),
    // For recodi's own version.
    mayTouch: [packageFolder()],
    read(from) {
      const kept = keptLabels(runIn(from), () => {});
      if (kept) return kept;
      throw new RecodiError('input', 'none');
    },
    check({ labels, calibration }) {
      expect(labels.labels).toEqual([labelOf('p1')]);
      expect(Number.isFinite(calibration.accept)).toBe(true);
    },
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { OF, savedOracle } from './folder.fixture.ts';
import { loadOracle } from './folder.ts';

const root = mkdtempSync(join(tmpdir(), 'recodi-oracle-'));
let model: string;
beforeAll(async () => {
  model = (await tinyLrm()).folder;
});
afterAll(() => {
  for (const folder of [root, model]) rmSync(folder, { recursive: true });
});

describe('damaged oracles are read or refused', () => {
  it.each(['full', 'lora'])('%s', async trainable => {
    const folder = join(root, trainable);
    const { oracle, params } = await savedOracle(folder, model, { trainable, lora: { r: 2 } });
    const files = Object.entries(filesOf(folder)).filter(([name]) => name.startsWith('oracle.'));
    expect(files).toHaveLength(2);
    await survivesDamage({
      files: Object.fromEntries(files),
      read: from => loadOracle(from, oracle),
      check({ params: read, statistics, step }) {
        expect(read.length).toBe(params.length);
        expect(statistics.size).toBeGreaterThan(0);
        for (const { mean, deviation } of statistics.values())
          expect([mean.length, deviation.length]).toEqual([OF.targetSize, OF.targetSize]);
        expect(Number.isInteger(step)).toBe(true);
      },
    });
  });
});

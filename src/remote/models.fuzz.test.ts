import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import type { Lrm } from '../lrm/folder.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { findModels, identify } from './models.ts';

let lrm: Lrm;
beforeAll(async () => {
  lrm = await tinyLrm();
  // What a module touches while it is loaded is not the reader's doing.
  await import('@huggingface/transformers');
});
afterAll(() => rmSync(lrm.folder, { recursive: true }));

it('damaged models of a worker are known by another hash, or refused', async () => {
  await survivesDamage({
    files: filesOf(lrm.folder),
    async read(folder) {
      const found = await findModels([folder]);
      return { found, own: await Promise.all([...found.values()].map(identify)) };
    },
    check: ({ found, own }) => expect(own.map(({ hash, folder }) => [hash, folder])).toEqual([...found]),
  });
});

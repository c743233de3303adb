import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { lrmLayout } from './codi.ts';
import { type Lrm, loadLrm } from './folder.ts';
import { tinyLrm } from './tiny.fixture.ts';

const cache = mkdtempSync(join(tmpdir(), 'recodi-cache-'));
let lrm: Lrm;
beforeAll(async () => {
  lrm = await tinyLrm();
  // What a module touches while it is loaded is not the reader's doing.
  await import('@huggingface/transformers');
});
afterAll(() => {
  for (const folder of [lrm.folder, cache]) rmSync(folder, { recursive: true });
});

it('damaged latent-reasoning models are read or refused', async () => {
  await survivesDamage({
    files: filesOf(lrm.folder),
    read: folder => loadLrm(folder, { cache }),
    check({ spec, tokenizer, weightsFile }) {
      const { tensors } = openSafetensors(weightsFile);
      for (const { name, shape } of lrmLayout(spec).entries) expect(tensors.get(name)?.shape).toEqual(shape);
      for (const id of [spec.botId, spec.eotId, spec.eosId, spec.padId, ...spec.answerPrefix])
        expect(tokenizer.token(id)).toBeTypeOf('string');
    },
    mayTouch: [cache],
  });
});

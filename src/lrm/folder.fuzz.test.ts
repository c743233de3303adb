import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { LATENT_INPUTS, lrmLayout } from './codi.ts';
import { type Lrm, loadLrm } from './folder.ts';
import { tinyLrm } from './tiny.fixture.ts';

const cache = mkdtempSync(join(tmpdir(), 'recodi-cache-'));
const lrms: Record<string, Lrm> = {};
beforeAll(async () => {
  for (const latentInputs of LATENT_INPUTS) lrms[latentInputs] = await tinyLrm(undefined, { latentInputs });
  // What a module touches while it is loaded is not the reader's doing.
  await import('@huggingface/transformers');
});
afterAll(() => {
  for (const folder of [...Object.values(lrms).map(lrm => lrm.folder), cache]) rmSync(folder, { recursive: true });
});

it.each(LATENT_INPUTS)('damaged latent-reasoning models are read or refused: %s', async latentInputs => {
  await survivesDamage({
    files: filesOf(lrms[latentInputs]!.folder),
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

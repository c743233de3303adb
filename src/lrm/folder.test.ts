import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readJson, writeJson } from '../run/files.ts';
import { loadLrm } from './folder.ts';
import { tinyLrm } from './tiny.fixture.ts';

it('what latent steps take in is read back, and must be in the weights', async () => {
  const { folder, spec } = await tinyLrm(undefined, { latentInputs: 'pause' });
  expect(spec.latentInputs).toBe('pause');
  const path = join(folder, 'lrm.json');
  const { latent_inputs: _, ...older } = readJson(path, z.looseObject({ latent_inputs: z.string() }));
  writeJson(path, older);
  await expect(loadLrm(folder)).rejects.toThrow(/prj\.1\.weight \[10,12\] is missing/);
  rmSync(folder, { recursive: true });
});

it('a folder that does not say what latent steps take in is recurrent', async () => {
  const { folder } = await tinyLrm();
  const path = join(folder, 'lrm.json');
  const { latent_inputs: _, ...older } = readJson(path, z.looseObject({ latent_inputs: z.string() }));
  writeJson(path, older);
  expect((await loadLrm(folder)).spec.latentInputs).toBe('recurrent');
  rmSync(folder, { recursive: true });
});

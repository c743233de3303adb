import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { checkLayers, forbidden } from './layers.ts';

it.each([
  ['src/lm/adam.ts', 'src/tensor/index.ts'],
  ['src/lrm/a.ts', 'src/run/random.ts'],
  ['src/run/a.ts', 'src/tensor/errors.ts'],
  ['envs/a.ts', 'src/lrm/a.ts'],
  ['src/lrm/a.ts', 'src/worlds/index.ts'],
  ['envs/a.ts', 'policies/a.ts'],
  ['src/rollout/a.ts', 'src/rl/a.ts'],
  ['src/cli/a.ts', 'src/labels/a.ts'],
  ['src/index.ts', 'src/cli/a.ts'],
])('%s may import %s', (from, to) => {
  expect(forbidden(from, to)).toBeUndefined();
});

it.each([
  ['src/tensor/a.ts', 'src/lm/a.ts'],
  ['src/tensor/a.ts', 'src/run/a.ts'],
  ['src/lm/a.ts', 'src/run/a.ts'],
  ['src/run/a.ts', 'src/lm/a.ts'],
  ['src/lrm/a.ts', 'src/rl/a.ts'],
  ['src/worlds/a.ts', 'src/lrm/a.ts'],
  ['src/labels/a.ts', 'src/cli/a.ts'],
  ['src/labels/a.ts', 'tools/layers.ts'],
])('%s may not import %s', (from, to) => {
  expect(forbidden(from, to)).toBeDefined();
});

it('finds imports, type imports, re-exports and import() with their lines, and leaves tests alone', () => {
  const root = mkdtempSync(join(tmpdir(), 'recodi-layers-'));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write(
    'src/worlds/a.ts',
    "import type { Lrm } from '../run/random.ts';\nimport { type Lrm, x } from '../lrm/folder.ts';\n",
  );
  write('src/lm/a.ts', "import fs from 'node:fs';\n\nexport * from '../lrm/a.ts';\nawait import('../run/a.ts');\n");
  write('src/tensor/a.ts', "type T = import('../lm/a.ts').T;\n");
  write('src/tensor/a.test.ts', "import '../cli/main.ts';\n");
  const found = checkLayers(root).map(({ file, line }) => `${file}:${line}`);
  expect(found.sort()).toEqual(['src/lm/a.ts:3', 'src/lm/a.ts:4', 'src/tensor/a.ts:1', 'src/worlds/a.ts:2']);
});

it('holds for this project', () => {
  expect(checkLayers('.')).toEqual([]);
});

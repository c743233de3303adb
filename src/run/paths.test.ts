import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { commonKeys } from './config/common.ts';
import { loadConfig } from './config/load.ts';
import { pathText } from './config/shape.ts';
import { createRun, openRun } from './paths.ts';

const schema = z.strictObject({ ...commonKeys, lrm: pathText, lr: z.number().default(0.5) });
const folder = mkdtempSync(join(tmpdir(), 'recodi-run-'));
let runs = 0;

function newRun() {
  const file = join(folder, 'given.yaml');
  writeFileSync(file, `name: run${runs++}\nlrm: models/tiny\n`);
  const config = loadConfig(schema, file);
  return { config, paths: createRun(join(folder, 'runs'), schema, config) };
}

it('opens with the config that it was made with, wherever it is opened from', () => {
  const { config, paths } = newRun();
  expect(openRun(paths.folder, schema).config).toEqual(config);
  expect(readFileSync(paths.config, 'utf8')).toContain('lrm: ../../models/tiny');
  expect(readFileSync(paths.config, 'utf8')).toContain('lr: 0.5');
  expect(openRun(paths.folder, schema, ['workers=3']).config.workers).toBe(3);
});

it('is not made twice, but for --overwrite, which removes nothing that is not a run', () => {
  const { config, paths } = newRun();
  const runs = join(folder, 'runs');
  writeFileSync(paths.metrics, '');
  expect(() => createRun(runs, schema, config)).toThrow(/already; go on with it by `recodi resume/);
  createRun(runs, schema, config, { overwrite: true });
  expect(existsSync(paths.metrics)).toBe(false);
  mkdirSync(join(runs, 'other', 'data'), { recursive: true });
  expect(() => createRun(runs, schema, { ...config, name: 'other' }, { overwrite: true })).toThrow(/other files/);
});

it('is made where one that was being made was killed', () => {
  const { config, paths } = newRun();
  rmSync(paths.config);
  writeFileSync(`${paths.config}.tmp-12-0-3`, 'name');
  expect(existsSync(createRun(join(folder, 'runs'), schema, config).config)).toBe(true);
});

it('refuses a changed config, another format, and a folder that is no run', () => {
  const changed = newRun().paths;
  appendFileSync(changed.config, '# a note\n');
  expect(() => openRun(changed.folder, schema)).toThrow(/changed since the run began/);
  const other = newRun().paths;
  writeFileSync(other.config, 'format: 2\nnew_key: 1\n');
  expect(() => openRun(other.folder, schema)).toThrow(/has format 2, and this recodi reads format 1/);
  expect(() => openRun(join(folder, 'absent'), schema)).toThrow(/not a run folder/);
});

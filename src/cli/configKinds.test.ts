import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAnyConfig } from './configKinds.ts';

const files = readdirSync('configs', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.yaml'));

it.each(files)('configs/%s has no mistakes', file => {
  expect(loadAnyConfig(join('configs', file), []).config.name).toMatch(/^[a-z]/);
});

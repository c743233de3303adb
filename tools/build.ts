/**
 * `npm run build`: makes dist from nothing with tsc and, for the inspector's page, vite, and checks that what package.json points to is there.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { buildPage } from './page.ts';

const SHEBANG = '#!/usr/bin/env node';
const EXECUTABLE = 0o755;

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

function fail(message: string): never {
  console.error(`build: ${message}`);
  process.exit(1);
}

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

rmSync(join(root, 'dist'), { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0) fail('tsc failed; `npm run types` shows the same errors.');

await buildPage();

for (const file of Object.values(manifest.bin)) {
  const path = join(root, file);
  if (!existsSync(path)) fail(`${file} is in package.json's bin and was not made.`);
  if (!readFileSync(path, 'utf8').startsWith(SHEBANG)) fail(`${file} does not begin with ${SHEBANG}.`);
  chmodSync(path, EXECUTABLE);
}
for (const target of Object.values(manifest.exports).flatMap(entry =>
  typeof entry === 'string' ? entry : Object.values(entry),
))
  if (!existsSync(join(root, target))) fail(`${target} is in package.json's exports and was not made.`);
console.log('build: dist is whole');

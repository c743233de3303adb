/**
 * `npm run page`: builds the inspector's page into dist/inspector, as one document, one script and one style sheet, and refuses a
 * page that has grown beyond what opens at once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** Bytes of all its files, gzipped. */
const LIMIT = 120 * 1000;

const root = resolve(import.meta.dirname, '..');

/** @returns its size in bytes, gzipped. */
export async function buildPage(outDir = join(root, 'dist', 'inspector')): Promise<number> {
  await build({
    root: join(root, 'inspector'),
    configFile: false,
    base: './',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { outDir, emptyOutDir: true, assetsDir: '', modulePreload: { polyfill: false }, target: 'es2022' },
  });
  const sizes = readdirSync(outDir).map(name => gzipSync(readFileSync(join(outDir, name))).length);
  const size = sizes.reduce((a, b) => a + b, 0);
  if (size > LIMIT) throw new Error(`the page has ${size} bytes gzipped, more than the ${LIMIT} that it may have`);
  return size;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const size = await buildPage();
  console.log(`page: dist/inspector, ${(size / 1000).toFixed(1)} kB gzipped`);
}

/**
 * Takes the pictures of docs/inspector.md and docs/audit.md in an installed Chromium: of a run that has been evaluated and labelled, and of
 * one that has been audited.
 * `node --import tsx tools/screenshots.ts runs/arithmetic runs/arithmetic-planted`
 */
import { statSync } from 'node:fs';
import { inspectorApp } from '../src/inspect/app.ts';
import { chromiumPath, startChromium } from '../src/inspect/browser.fixture.ts';
import { pageFolder, readPage } from '../src/inspect/builtPage.ts';
import { createComputing } from '../src/inspect/computing.ts';
import { openRuns } from '../src/inspect/runReader.ts';
import { listen } from '../src/inspect/serve.ts';
import { buildPage } from './page.ts';

/** A picture's file, the address that it shows, and the height of the window. */
const PICTURES = [
  ['docs/inspector.png', '#/0/problems?step=k3@2.result', 860],
  ['docs/inspector-table.png', '#/0/table', 760],
  ['docs/inspector-map.png', '#/0/map', 760],
  ['docs/inspector-audit.png', '#/1/audit', 860],
] as const;
const WIDTH = 1280;
/** Bytes of a picture, for who fetches the repository. */
const LIMIT = 300_000;

const folders = process.argv.slice(2);
if (folders.length !== 2) throw new Error('name two run folders, as runs/arithmetic runs/arithmetic-planted');
if (!chromiumPath) throw new Error('no chromium on PATH: install one, as by apt-get install chromium');
await buildPage();
const computing = createComputing();
const server = await listen(inspectorApp(openRuns(folders), readPage(pageFolder()), computing), 0);
const browser = await startChromium();
try {
  for (const [file, address, height] of PICTURES) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height }, deviceScaleFactor: 1.25 });
    await page.goto(`${server.url}${address}`, { waitUntil: 'networkidle' });
    await page.screenshot({ path: file });
    const { size } = statSync(file);
    if (size > LIMIT) throw new Error(`${file}: ${size} bytes, more than the ${LIMIT} that a picture may have`);
    console.log(`${file}: ${(size / 1000).toFixed(0)} kB`);
  }
} finally {
  await browser.close();
  await server.close();
  await computing.close();
}

/**
 * How soon the inspector shows a large run: makes one of 10,080 labels and 2,000 updates from the tests' rows, opens it in an installed
 * Chromium, and prints medians over rounds, with the least and the most.
 * `node --import tsx tools/inspectorSpeed.ts`
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { inspectorApp } from '../src/inspect/app.ts';
import { chromiumPath, startChromium } from '../src/inspect/browser.fixture.ts';
import { readPage } from '../src/inspect/builtPage.ts';
import { openRuns } from '../src/inspect/runReader.ts';
import { labels, metricsLine, smallRun, writeLabels } from '../src/inspect/runs.fixture.ts';
import { listen } from '../src/inspect/serve.ts';
import { summarize } from '../src/inspect/summary.ts';
import type { Label } from '../src/inspect/wire.ts';
import { formatJsonl } from '../src/run/jsonl.ts';
import { METRICS } from '../src/run/metrics.ts';
import type { RunPaths } from '../src/run/paths.ts';
import { stream } from '../src/run/random.ts';
import { buildPage } from './page.ts';

const PROBLEMS = 2520;
const VIEWS = 4;
const UPDATES = 2000;
const ROUNDS = 7;
const FIRST_ROUNDS = 3;

function largeRun(): RunPaths {
  const paths = smallRun('large', ['labels', 'metrics']);
  const one = labels()[0]!;
  const random = stream(1, 'inspectorSpeed');
  const rows = Array.from({ length: VIEWS }, (_, k) =>
    Array.from({ length: PROBLEMS }, (_, i) => label(one, i, k, random)),
  );
  writeLabels(paths, rows.flat());
  writeFileSync(paths.metrics, formatJsonl(Array.from({ length: UPDATES }, (_, i) => metrics(i + 1, random))));
  return paths;
}

/** Every metric that there is. */
const metrics = (update: number, random: () => number) => ({
  ...metricsLine(update),
  ...Object.fromEntries(METRICS.filter(({ name }) => !name.includes('<')).map(({ name }) => [name, random()])),
});

function label(one: Label, problem: number, step: number, random: () => number): Label {
  const numbers = [0, 0, 0].map(() => Math.floor(100 * random()));
  const view = `k${step}@${1 + (step % 2)}.result`;
  return {
    ...one,
    id: `q${problem}:${view}`,
    problem: `q${problem}`,
    question: `Tom has ${numbers[0]} apples . He buys ${numbers[1]} more . He gives away ${numbers[2]} . How many apples does Tom have ?`,
    view,
    steps: [step],
    explanation: `<< ${numbers[0]} + ${numbers[1]} = ${numbers[0]! + numbers[1]!}`,
    scores: { ...one.scores, similarity: random(), gap: random() - 0.2, fve: 1 - 2 * random() },
    words: [...one.words, ...one.words],
    alternatives: numbers
      .flatMap(n => [n, n + 1, n + 2])
      .map(n => ({ text: `<< ${n} + ${numbers[1]} =`, similarity: random() })),
    probability: random(),
    accepted: random() > 0.5,
  };
}

/** Milliseconds since the navigation began until the first problem's thoughts stood there. */
async function opened(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'commit' });
    return await page.evaluate<number>(`new Promise(resolve => {
      const look = () => document.querySelector('.strip .card') ? resolve(performance.now()) : requestAnimationFrame(look);
      look();
    })`);
  } finally {
    await context.close();
  }
}

/** Of a server and a browser that have just been started; `recodi inspect` reads the files in between. */
async function firstOpenings(readBefore: boolean): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < FIRST_ROUNDS; round++) {
    const runs = openRuns([folder]);
    const server = await listen(inspectorApp(runs, readPage(page)), 0);
    const starting = startChromium();
    if (readBefore) summarize(runs);
    const browser = await starting;
    times.push(await opened(browser, server.url));
    await browser.close();
    await server.close();
  }
  return times;
}

/** Milliseconds from an action in the page until what it changes is laid out. */
const answered = (page: Page, action: string) =>
  page.evaluate<number>(`new Promise(resolve => {
    const begun = performance.now();
    ${action};
    setTimeout(() => resolve(document.body.offsetHeight && performance.now() - begun));
  })`);

/** Milliseconds between frames while the wheel enlarges a map; a screen of 60 Hz has one each 17 ms. */
const frames = (page: Page) =>
  page.evaluate<number[]>(`new Promise(resolve => {
    const map = document.querySelector('.map-box canvas');
    const times = [];
    let before = performance.now();
    const next = now => {
      times.push(now - before);
      before = now;
      if (times.length > 30) return resolve(times.slice(1));
      map.dispatchEvent(new WheelEvent('wheel', { deltaY: -8, clientX: 700, clientY: 400 }));
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  })`);

function print(what: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const shown = [sorted[Math.floor(sorted.length / 2)]!, sorted[0]!, sorted.at(-1)!].map(ms => ms.toFixed(0));
  console.log(`${what.padEnd(52)} ${shown[0]} ms (${shown[1]}–${shown[2]})`);
}

const typed = (text: string) =>
  `const box = document.querySelector('input[type=search]'); box.value = '${text}'; box.dispatchEvent(new InputEvent('input', { bubbles: true }))`;
const chosen = (label: string, value: string) =>
  `const list = document.querySelector('select[aria-label="${label}"]'); list.value = '${value}'; list.dispatchEvent(new Event('change', { bubbles: true }))`;
const clicked = (name: string) => `document.querySelector('.filters a[href*="filter=${name}"]').click()`;

if (!chromiumPath) throw new Error('no chromium on PATH: install one, as by apt-get install chromium');
const page = process.argv[2] ?? join(process.cwd(), 'dist', 'inspector');
await buildPage(page);
const { folder } = largeRun();
console.log(`${PROBLEMS * VIEWS} labels of ${PROBLEMS} problems, ${UPDATES} updates`);
print('first opening, nothing read yet', await firstOpenings(false));
print('first opening, read while the browser starts', await firstOpenings(true));
const server = await listen(inspectorApp(openRuns([folder]), readPage(page)), 0);
const browser = await startChromium();
try {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await opened(browser, server.url));
  print('opening, from navigation to the first problem', times);
  const shown = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await shown.goto(server.url);
  await shown.locator('.strip .card').first().waitFor();
  for (const [what, actions] of [
    ['filter', ['doubtful', 'accepted', 'wrong', 'unreadable'].map(clicked)],
    ['search', ['a', 'ap', 'apples', 'apples 7', ''].map(typed)],
    ['sort', ['fve', 'gap', 'similarity', 'probability'].map(score => chosen('Order', score))],
  ] as const) {
    const taken: number[] = [];
    for (const action of actions) taken.push(await answered(shown, action));
    print(what, taken);
  }
  await shown.goto(`${server.url}#/0/map`);
  await shown.locator('.map-box canvas').waitFor();
  print('map of all labels, from frame to frame as it grows', await frames(shown));
} finally {
  await browser.close();
  await server.close();
}

/** The inspector in a real browser, over small runs: every view, the keyboard, what is hostile, what is missing, live and as a file. */
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPage } from '../../tools/page.ts';
import { formatJsonl } from '../run/jsonl.ts';
import { lockRun } from '../run/lock.ts';
import { inspectorApp } from './app.ts';
import { chromiumPath, startChromium } from './browser.fixture.ts';
import { type BuiltPage, readPage } from './builtPage.ts';
import { writeReport } from './report.ts';
import { openRuns, type RunReader } from './runReader.ts';
import { HOSTILE, labels, metricsLine, smallRun, writeLabels } from './runs.fixture.ts';
import { type Listening, listen } from './serve.ts';

if (!chromiumPath) console.warn('no chromium on PATH: the tests of the inspector in a browser are skipped');

/** Every view, and what is there when it is. */
const VIEWS = [
  ['runs', 'table.grid'],
  ['curves', '.chart canvas'],
  ['compare?b=2', '.pair .side'],
  ['0/problems?gold=1', '.strip .card'],
  ['1/problems', '[role=alert]'],
  ['0/table', 'table.figures'],
  ['0/samples', 'table.samples'],
  ['0/audit', '.listed li'],
  ['0/map?texts=1&problem=p1&step=k1@1.result', '.pointed a'],
] as const;

let built: BuiltPage;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-page-'));
  await buildPage(folder);
  built = readPage(folder);
});

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  const servers: Listening[] = [];
  /** What the page complained of, or what would have been loaded from elsewhere. */
  const faults: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
  });
  beforeEach(async () => {
    faults.length = 0;
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      // A refused question is shown in the page; the browser tells the console besides.
      if (message.type() === 'error' && !message.text().includes('status of 422')) faults.push(message.text());
    });
    page.on('request', request => {
      const { hostname, protocol } = new URL(request.url());
      if (hostname !== '127.0.0.1' && protocol !== 'file:' && protocol !== 'data:') faults.push(request.url());
    });
    return () => page.close();
  });

  async function serve(folders: readonly string[]): Promise<string> {
    const server = await listen(inspectorApp(openRuns(folders), built), 0);
    servers.push(server);
    return server.url;
  }

  const cards = () => page.locator('.strip .card:not(.answer)');

  it('one run opens at its readings: text, belief, verdicts and why, gold when asked for', async () => {
    const { folder } = smallRun();
    await page.goto(await serve([folder]));
    await expect.poll(() => cards().count()).toBe(2);
    expect(await page.locator('header.question h2').textContent()).toContain('Tom has 5 apples');
    const first = cards().first();
    expect(await first.locator('.thought').innerText()).toBe('<< 5 + 6 =');
    expect(await first.locator('.word.read').allInnerTexts()).toEqual(['+', '6']);
    expect(await first.locator('.word.unread').allInnerTexts()).toEqual(['5']);
    expect(await first.locator('.belief').innerText()).toMatch(/✓ accepted/);
    expect(await cards().nth(1).locator('.belief').innerText()).toMatch(/○ says nothing/);
    const reason = first.locator('.reason').nth(1);
    expect(await reason.isVisible()).toBe(false);
    await first.getByRole('button', { name: 'readable' }).focus();
    expect(await reason.isVisible()).toBe(true);
    expect(await reason.innerText()).toContain('swap gap 0.60 ≥ 0.10');
    expect(await page.getByText('<< 11 * 2 = 22 >>').count()).toBe(0);
    expect(await page.getByText('<< 5 + 6 = 11', { exact: true }).count()).toBe(0);
    const before = await first.boundingBox();
    await page.keyboard.press('g');
    await page.getByText('<< 11 * 2 = 22 >>').first().waitFor();
    expect(page.url()).toContain('gold=1');
    expect(await page.getByRole('row', { name: 'the gold text, the ceiling << 5 + 6 = 11 0.97 0.90' }).count()).toBe(1);
    expect(await page.getByRole('row', { name: '<< 4 + 7 = 11 0.86' }).count()).toBe(1);
    expect((await first.boundingBox())!.height).toBe(before!.height);
    expect(faults).toEqual([]);
  });

  it('is driven by the keyboard, and its address restores what is seen', async () => {
    const { folder } = smallRun();
    await page.goto(await serve([folder]));
    await cards().first().waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'latent step 3, in full' }).waitFor();
    await page.keyboard.press('j');
    await expect.poll(() => page.url()).toContain('/problems/p2');
    await expect.poll(() => cards().first().locator('.belief').innerText()).toMatch(/✕ not readable/);
    expect(await cards().first().locator('.why').innerText()).toBe('swap gap 0.02 < 0.10');
    const copy = page.url();
    await page.keyboard.press('k');
    await expect.poll(() => page.url()).toContain('/problems/p1');
    await page.goto(copy);
    await expect.poll(() => cards().first().locator('.belief').innerText()).toMatch(/✕ not readable/);
    await page.keyboard.press('/');
    await page.keyboard.type('apples tom');
    await expect.poll(() => page.locator('.line').count()).toBe(2);
    await page.keyboard.press('Escape');
    await page
      .getByRole('link', { name: /not readable/ })
      .first()
      .click();
    await expect.poll(() => page.locator('.line').count()).toBe(1);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(faults).toEqual([]);
  });

  it('shows hostile texts as texts', async () => {
    const { folder } = smallRun();
    await page.goto(`${await serve([folder])}#/0/problems/${encodeURIComponent('p3/..')}`);
    await cards().first().waitFor();
    const thought = await cards().first().locator('.thought').textContent();
    expect(thought).toBe('</script><img src=x onerror="window.harmed=1"><b>&amp;␇⟨U+202E⟩␛[31m `x` <!--');
    expect(await page.locator('img, .thought b').count()).toBe(0);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('the table has its rows with intervals, and says what they are to who cannot see them', async () => {
    const { folder } = smallRun();
    await page.goto(`${await serve([folder])}#/0/table`);
    const row = page.locator('tr', { has: page.getByRole('rowheader', { name: 'retrieve', exact: true }) });
    await row.waitFor();
    expect(await row.getByRole('img', { name: '90; 95 % interval 85 to 95' }).count()).toBe(1);
    expect(await row.getAttribute('class')).toBe('own');
    await page.getByRole('link', { name: 'k0 result 1' }).click();
    await page.getByText('latent step 0, raw').waitFor();
    expect(faults).toEqual([]);
  });

  it('samples go by updates, or follow one problem through them', async () => {
    await page.goto(`${await serve([smallRun().folder])}#/0/samples`);
    await page.getByText('<< 2 + 6 =').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('<< 1 + 6 =').waitFor();
    expect(await page.getByText('<< 2 + 6 =').count()).toBe(0);
    await page.getByRole('link', { name: /^Tom has 5 apples/ }).click();
    await page.getByText('<< 2 + 6 =').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(2);
    expect(faults).toEqual([]);
  });

  it('the audit has its words, who finds what, and readings that open their problems', async () => {
    const { folder } = smallRun();
    await page.goto(`${await serve([folder])}#/0/audit`);
    await page.getByRole('heading', { name: 'small, audited' }).waitFor();
    expect(await page.getByRole('row', { name: /^Max 75 62 4\.9e−75/ }).count()).toBe(1);
    expect(await page.getByRole('row', { name: /^ours 800 2 Max 4\.9e−75 97 83/ }).count()).toBe(1);
    expect(await page.locator('.listed mark').allInnerTexts()).toEqual(['+ 7', 'Max', expect.any(String), 'Max']);
    expect(await page.getByRole('link', { name: 'its thoughts' }).count()).toBe(1);
    await page.getByRole('link', { name: 'its thoughts' }).click();
    await expect.poll(() => cards().count()).toBe(2);
    expect(page.url()).toContain('/problems/p1');
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('the map: marks in groups that can be taken out, gone through by the keyboard, each opening its problem', async () => {
    await page.goto(`${await serve([smallRun().folder])}#/0/map?colour=reading`);
    const map = page.getByRole('application', { name: 'Map of 4 thoughts' });
    await map.waitFor();
    await page.getByRole('button', { name: 'says nothing 1' }).click();
    await page.getByText('3 of 4 thoughts').waitFor();
    await page.getByLabel('the states of their texts').check();
    await page.getByRole('application', { name: 'Map of 3 thoughts' }).focus();
    // The vectors of the fixture lie in the order of the labels, from the left to the right.
    const pointed = page.locator('.pointed');
    await page.keyboard.press('ArrowLeft');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    await expect.poll(() => pointed.innerText()).toMatch(/^<< 5 \+ 6 = ✓ accepted/);
    expect(page.url()).toContain('problem=p1');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    await expect.poll(() => pointed.innerText()).toContain('</script><img');
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('/0/problems/p3%2F..?step=k1');
    await cards().first().waitFor();
    expect(faults).toEqual([]);
  });

  it('two runs are compared: what differs is marked, and leads to the problem in each', async () => {
    const other = smallRun('other', ['labels']);
    writeLabels(
      other,
      labels().map(label => ({
        ...label,
        explanation: label.explanation?.replace('5 + 6', '5 + 7') ?? null,
        words: [],
        accepted: false,
        scores: { ...label.scores, fve: label.problem === 'p2' ? 0.1 : 0.6 },
      })),
    );
    await page.goto(`${await serve([smallRun().folder, other.folder])}#/compare?sort=fve`);
    const pairs = page.locator('li.pair');
    await expect.poll(() => pairs.count()).toBe(4);
    expect(await pairs.first().locator('.difference').innerText()).toBe('−0.60');
    expect(await pairs.first().locator('mark').allInnerTexts()).toEqual(['6', '7']);
    await page.getByRole('link', { name: 'only one accepted 2' }).click();
    await expect.poll(() => pairs.count()).toBe(2);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    await pairs.first().getByRole('link').nth(1).click();
    await expect.poll(() => cards().first().locator('.thought').innerText()).toBe('<< 5 + 7 =');
    expect(page.url()).toContain('#/1/problems/p1');
    expect(faults).toEqual([]);
  });

  it('runs are sorted and chosen for curves, and what is missing is named with its command', async () => {
    const [small, bare] = [smallRun(), smallRun('bare', ['labels', 'evaluation'])];
    const broken = smallRun('torn');
    writeFileSync(broken.config, 'name: [');
    await page.goto(await serve([small.folder, bare.folder, broken.folder]));
    await page.getByText(/recodi label .*bare/).waitFor();
    const names = () => page.locator('tbody tr td:nth-child(2) a').allInnerTexts();
    await page.getByRole('columnheader', { name: 'run', exact: true }).getByRole('link').click();
    await expect
      .poll(async () => (await names()).slice(0, 2))
      .toEqual(['bare', expect.stringContaining('torn')].sort());
    await page.getByLabel('show small among the curves').uncheck();
    await page.getByRole('link', { name: 'Curves of 2' }).click();
    await expect.poll(() => page.getByRole('checkbox', { checked: true }).count()).toBeGreaterThan(1);
    expect(await page.getByRole('checkbox', { name: /small/ }).isChecked()).toBe(false);
    await page.goto(page.url().replace(/#.*/, '#/1/problems'));
    await page
      .getByRole('alert')
      .getByText(/Make labels by/)
      .waitFor();
    expect(faults).toEqual([]);
  });

  it('curves grow while a run trains', async () => {
    const { folder, metrics } = smallRun('growing', ['evaluation']);
    const lock = await lockRun(folder);
    try {
      await page.goto(`${await serve([folder])}#/curves?metrics=objective/scores`);
      await page.getByText('mean of the environment').waitFor();
      await page.getByText('live').waitFor();
      const seen = () => page.evaluate<number>('document.querySelector(".chart").dataset.points * 1');
      expect(await seen()).toBe(3);
      appendFileSync(metrics, formatJsonl([metricsLine(4), metricsLine(5)]));
      await expect.poll(seen, { timeout: 10_000 }).toBe(5);
      expect(faults).toEqual([]);
    } finally {
      lock.release();
    }
  });

  it('every view can be taken away: its rows as CSV and JSON lines, what is shown as Markdown', async () => {
    const url = await serve([smallRun().folder, smallRun('other').folder]);
    const taken = async (key: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press(key)]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
    };
    for (const [view, shown, file, column] of [
      ['runs', 'table.grid', 'runs', 'result 2 high'],
      ['curves', '.chart canvas', 'curves', 'objective/scores'],
      ['compare?sort=fve', '.pair .side', 'compare', 'fve 2'],
      ['0/problems?filter=wrong', '.strip .card', 'readings', 'log_likelihood'],
      ['0/map', '.map-box canvas', 'map', 'text_x'],
      ['0/table', 'table.figures', 'small-table-k0-4_2.result', 'fve low'],
      ['0/samples', 'table.samples', 'samples', 'reward'],
      ['0/audit', '.listed li', 'small-audit', 'probability'],
    ] as const) {
      await page.goto(`${url}#/${view}`);
      await page.locator(shown).first().waitFor();
      const { name, text } = await taken('c');
      const [head, ...rows] = text.split('\r\n').slice(0, -1);
      expect([name, rows.length > 0], view).toEqual([`${file}.csv`, true]);
      expect(head!.split(','), view).toContain(`"${column}"`);
    }
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${url}#/0/problems/${encodeURIComponent('p3/..')}?filter=wrong`);
    await cards().first().waitFor();
    const { name, text } = await taken('l');
    expect([name, JSON.parse(text)]).toEqual([
      'readings.jsonl',
      expect.objectContaining({ problem: 'p3/..', explanation: HOSTILE, answered: false, similarity: 0.91 }),
    ]);
    await page.getByText('Take away').click();
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    await page.getByText('Copied as Markdown').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain('## Problem p3/..');
    expect(copied).toContain('| view | reading | belief |');
    expect(copied).toContain('&lt;/script&gt;&lt;img src=x');
    expect(copied).not.toContain('gold');
    expect(faults).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('axe-core finds nothing against any view, %s', async colorScheme => {
    const url = await serve([smallRun().folder, smallRun('bare', ['labels']).folder, smallRun('other').folder]);
    await page.emulateMedia({ colorScheme });
    for (const [view, shown] of VIEWS) {
      await page.goto(`${url}#/${view}`);
      await page.locator(shown).first().waitFor();
      await page.evaluate(axe.source);
      const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
        'axe.run().then(result => result.violations)',
      );
      const told = violations.map(({ id, nodes }) => [
        id,
        nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
      ]);
      expect.soft(told, view).toEqual([]);
    }
  });

  it('a report opens from disk, with all of it inside and nothing executed', async () => {
    const out = mkdtempSync(join(tmpdir(), 'recodi-report-'));
    const file = await writeReport(out, openRuns([smallRun().folder, smallRun('other').folder]), built);
    await page.goto(`${pathToFileURL(file).href}#/0/problems`);
    await cards().first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await expect.poll(() => page.locator('header.question h2').textContent()).toContain('</script><img');
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    await page.getByRole('link', { name: 'Table' }).click();
    await page.getByText('translated to the chain').first().waitFor();
    await page.getByRole('link', { name: 'Curves' }).click();
    await page.locator('.chart canvas').first().waitFor();
    await page.getByRole('link', { name: 'Map' }).click();
    await page.getByRole('application', { name: 'Map of 4 thoughts' }).waitFor();
    await page.getByRole('combobox', { name: 'thoughts' }).selectOption('k3@2.result');
    await page.getByRole('application', { name: 'Map of 1 thoughts' }).waitFor();
    await page.getByRole('link', { name: 'Compare' }).click();
    await expect.poll(() => page.locator('li.pair').count()).toBe(4);
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('c')]);
    expect(readFileSync(await download.path(), 'utf8').split('\r\n')).toHaveLength(6);
    expect(faults).toEqual([]);
  });

  it('ten thousand labels: only the lines in sight are in the document, in the order of a score', async () => {
    const run = smallRun('many', ['labels']);
    const [one] = labels();
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      ...one!,
      id: `q${i}:${one!.view}`,
      problem: `q${i}`,
      scores: { ...one!.scores, fve: ((7 * i) % 10_000) / 10_000 },
    }));
    writeLabels(run, rows);
    await page.goto(await serve([run.folder]));
    await page.getByText('1 of 10000').waitFor();
    expect(await page.locator('.line').count()).toBeLessThan(60);
    await page.getByLabel('Order').selectOption('fve');
    await page.getByRole('button', { name: 'lowest first' }).click();
    await expect.poll(() => page.locator('.line').first().locator('.by').innerText()).toBe('1.00');
    expect(await page.locator('.line').nth(1).getAttribute('href')).toContain('/problems/q5714?');
    await page.goto(`${page.url().split('#')[0]}#/0/problems/q9000`);
    await page.locator('.line[aria-current]').waitFor();
    expect(faults).toEqual([]);
  });
});

it('a report ends its script elements itself, whatever the texts say', async () => {
  const out = mkdtempSync(join(tmpdir(), 'recodi-report-'));
  const runs: RunReader[] = openRuns([smallRun().folder, smallRun('bare', ['labels']).folder]);
  const html = readFileSync(await writeReport(join(out, 'deep', 'er'), runs, built), 'utf8');
  expect(html.match(/<\/script/gi)).toHaveLength(2);
  expect(html).not.toMatch(/<img|(src|href)="(?!data:)/);
  const [, json] = /<script type="application\/json" id="answers">(.*?)<\/script>/s.exec(html)!;
  const answers = JSON.parse(json!);
  expect(answers['api/runs/0/problems/p3%2F..'].labels).toEqual([labels()[3]]);
  expect(answers['api/runs/1/problems'].error.message).toMatch(/recodi label/);
  expect(html).toMatch(
    /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-/,
  );
});

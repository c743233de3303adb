/** What the inspector computes, over a small trained run: by its endpoints, and in a real browser. */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPage } from '../../tools/page.ts';
import type { Answered } from '../oracle/ask.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { inspectorApp } from './app.ts';
import { chromiumPath, startChromium } from './browser.fixture.ts';
import { type BuiltPage, readPage } from './builtPage.ts';
import { type Computing, createComputing } from './computing.ts';
import { smallOracle } from './oracle.fixture.ts';
import { writeReport } from './report.ts';
import { openRuns } from './runReader.ts';
import { smallRun } from './runs.fixture.ts';
import { type Listening, listen } from './serve.ts';
import { type TrainedRun, trainedRun } from './trainedRun.fixture.ts';
import type { AskRequest, JobEvent, ScoreRequest, Thought, TryRequest, WireError } from './wire.ts';

const QUESTION =
  'Tom has 5 apples . He buys 6 more . He doubles them . He gives away 3 . How many apples does Tom have ?';
/** Numbers as close as the same computation in batches of another size leaves them. */
const DIGITS = 4;

/** Suggested by the page, and typed. */
const TO_THE_ORACLE = ['What is the model thinking about at this step ?', 'How many apples ?'];

let run: TrainedRun;
/** What the oracle answers to those about step 3 of the labelled problems. */
const answered: Answered[] = [];
let built: BuiltPage;
let computing: Computing;
let server: Listening;
let before: unknown;

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => [name, statSync(join(folder, name)).mtimeMs]);

beforeAll(async () => {
  const page = mkdtempSync(join(tmpdir(), 'recodi-page-'));
  await buildPage(page);
  built = readPage(page);
  await useDevice('onnx');
  run = await trainedRun();
  const { ask } = await smallOracle(run.bench);
  for (const { id: problem } of run.problems)
    for (const question of TO_THE_ORACLE) answered.push(await ask({ problem, steps: [3], question }, run.bench.signal));
  await closeEngine();
  // What only spares time is made in memory where it is not kept.
  rmSync(run.paths.bank);
  before = filesOf(run.paths.folder);
  computing = createComputing();
  const { folder } = run.paths;
  const moved = join(mkdtempSync(join(tmpdir(), 'recodi-moved-')), 'far', 'away');
  cpSync(folder, moved, { recursive: true });
  server = await listen(inspectorApp(openRuns([folder, smallRun().folder, moved]), built, computing), 0);
}, 120_000);

afterAll(async () => {
  await server?.close();
  await computing?.close();
});

type Request = TryRequest | ScoreRequest | AskRequest;

async function post(path: string, body: Request): Promise<JobEvent[]> {
  const headers = { 'x-recodi-token': computing.token };
  const response = await fetch(`${server.url}api/runs/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return (await response.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as JobEvent);
}

const of = <E extends JobEvent['event']>(events: readonly JobEvent[], kind: E) =>
  events.filter((event): event is Extract<JobEvent, { event: E }> => event.event === kind);

/** The scores of a thought or a text, to as many digits as may be the same. */
const scoresOf = ({ scores, controls }: Pick<Thought, 'scores' | 'controls'>) => {
  const { similarity, gap, lift, fve } = scores;
  const floors = Object.values(controls).flatMap(control => [control.similarity, control.fve]);
  return [similarity, gap, lift, fve, ...floors].map(value => Number(value.toFixed(DIGITS)));
};

describe('what it computes', () => {
  it('is what `recodi invert` says, view by view, with its progress', async () => {
    const [{ question }] = run.problems as [TrainedRun['problems'][number]];
    const events = await post('0/try', { question });
    expect(events.at(-1)).toEqual({ event: 'done' });
    const [inversion] = run.inversions;
    expect(of(events, 'asked').map(({ question, answer, views }) => [question, answer, views.length])).toEqual([
      [inversion!.question, inversion!.answer, 2],
    ]);
    const read = of(events, 'read').map(({ thought }) => thought);
    expect(read.map(({ view, explanation, completion }) => [view, explanation, completion])).toEqual(
      inversion!.views.map(({ view, text, completion }) => [view, text, completion]),
    );
    expect(read.map(({ verdicts }) => verdicts)).toEqual(inversion!.views.map(({ verdicts }) => verdicts));
    const stages = of(events, 'stage').map(({ name }) => name);
    expect([...new Set(stages)]).toEqual(['opening the run', 'reading the bank of texts', 'reading the thoughts']);
    expect(of(events, 'stage').at(-1)).toMatchObject({ done: 7, total: 7 });
  }, 60_000);

  it('scores the text that was read as the reading was, of a question and of a labelled problem', async () => {
    const [{ id: problem, question }] = run.problems as [TrainedRun['problems'][number]];
    for (const { view, text, ...reading } of run.inversions[0]!.views)
      for (const about of [{ question }, { problem }]) {
        const [scored] = of(await post('0/score', { ...about, view, text: text! }), 'scored');
        expect(scoresOf(scored!.own)).toEqual(scoresOf(reading as Pick<Thought, 'scores' | 'controls'>));
        expect(scored!.own.words).toHaveLength(reading.words.length);
        expect(scored!.own.readable).toEqual(reading.verdicts.readable);
      }
    const { view } = run.inversions[0]!.views[0]!;
    const [worse] = of(await post('0/score', { problem, view, text: '<< 9 - 7 = 2' }), 'scored');
    expect(worse!.own.readable.holds).toBe(false);
  });

  it('edits a number, and says what the readings before predict of the new ones and of the answer', async () => {
    const { question } = run.problems[1]!;
    expect(question).toMatch(/^Leo has 20 shells \. He loses half \. He doubles them \. Then He buys 8 more/);
    const events = await post('0/try', { question, edit: { number: 0, to: '18' } });
    const asked = of(events, 'asked');
    expect(asked.map(({ side, question }) => [side, question])).toEqual([
      ['asked', question],
      ['edited', question.replace('20', '18')],
    ]);
    const edited = of(events, 'read').filter(({ side }) => side === 'edited');
    const predicted = ['<< 18 / 2 = 9', '<< 18 / 2 = 9 >> << 9 * 2 = 18'];
    expect(edited.map(({ followed }) => followed)).toEqual(
      edited.map(({ thought }, i) => {
        return { predicted: predicted[i], changes: true, follows: thought.explanation === predicted[i] };
      }),
    );
    expect(edited.some(({ followed }) => followed!.follows)).toBe(true);
    expect(of(events, 'answered')).toEqual([
      { event: 'answered', predicted: '26', follows: asked[1]!.answer === '26' },
    ]);
    expect(of(await post('0/try', { question, edit: { number: 7, to: '7' } }), 'refused')).toMatchObject([
      { error: { message: expect.stringMatching(/number 8 of the question: it has 2/) } },
    ]);
  }, 60_000);

  it('refuses with the sentence of `recodi invert`, or with what is wrong with the run; the rest answers', async () => {
    const refusal = async (path: string, body: Request) =>
      of(await post(path, body), 'refused').map(({ error }) => error.message);
    expect(await refusal('0/try', { question: 'Tom has 5 aples .' })).toEqual([
      expect.stringMatching(/^The question: .*does not have "aples" \(near: apples\)/),
    ]);
    expect(await refusal('0/score', { question: QUESTION, view: 'k1@1.result', text: '<< 5 zebras' })).toEqual([
      expect.stringMatching(/^Your text: .*does not have "zebras"/),
    ]);
    expect(await refusal('0/score', { question: QUESTION, view: 'k9', text: '<< 5' })).toEqual([
      expect.stringMatching(/k9: the run reads no such view/),
    ]);
    const none = (await (await fetch(`${server.url}api/runs/1/try`)).json()) as WireError;
    expect(none.error.message).toMatch(/no trained policy yet; go on with the run by `recodi resume/);
    expect(await refusal('2/try', { question: QUESTION })).toEqual([
      expect.stringMatching(/arithmetic.*: no such file/),
    ]);
    expect((await fetch(`${server.url}api/runs/2/problems`)).status).toBe(200);
  });

  it('asks the oracle beside the run what `recodi oracle ask` would, and says what is under way', async () => {
    for (const { problem, steps, question, answer, shuffled } of answered) {
      const events = await post('0/ask', { problem, steps: [...steps], question });
      expect(of(events, 'told')).toEqual([{ event: 'told', answer, shuffled }]);
      expect(of(events, 'stage').at(-1)?.name).toBe('asking the oracle');
      expect(events.at(-1)).toEqual({ event: 'done' });
    }
    expect(answered.map(({ answer, shuffled }) => answer === shuffled.answer)).toContain(false);
    const [{ problem }] = answered as [Answered];
    const refusal = async (body: AskRequest) =>
      of(await post('0/ask', body), 'refused').map(told => told.error.message);
    expect(await refusal({ problem, steps: [3], question: 'gjk' })).toEqual([
      expect.stringMatching(/knows none of its words/),
    ]);
    expect(await refusal({ problem: 'p9', steps: [3], question: '2 ?' })).toEqual([
      expect.stringMatching(/no problem "p9" in the run/),
    ]);
    expect(await refusal({ problem, steps: [9], question: '2 ?' })).toEqual([
      expect.stringMatching(/step 9: expected/),
    ]);
    const has = async (index: number) => (await fetch(`${server.url}api/runs/${index}/oracle`)).json();
    expect([await has(0), await has(1), await has(2)]).toEqual([
      { oracle: 'oracle' },
      { oracle: null },
      { oracle: null },
    ]);
  });

  it('writes nothing into the run', () => {
    expect(filesOf(run.paths.folder)).toEqual(before);
  });
});

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    faults.length = 0;
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error' && !/status of (403|422)/.test(message.text())) faults.push(message.text());
    });
    return () => page.close();
  });

  const cards = () => page.locator('.strip .card:not(.answer):not(.pending)');
  const done = () => page.getByText(/^Thought and read in/).waitFor();

  it('a question is typed, thought about and read, and its address shows the same again', async () => {
    await page.goto(`${server.url}#/0/try`);
    await page.locator('.beginning a').first().waitFor();
    await page.getByLabel('Ask the model a question').fill('Tom has 5 apples.');
    await expect.poll(() => page.url()).toContain('draft=');
    await page.getByLabel('Ask the model a question').fill(QUESTION);
    await page.keyboard.press('Enter');
    await done();
    expect(await cards().count()).toBe(2);
    await expect.poll(() => page.url()).toContain('q=Tom');
    const texts = await cards().locator('.thought').allInnerTexts();
    await page.getByRole('heading', { name: 'latent step 1, in full' }).waitFor();
    await page.locator('.own-text').click();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'latent step 3, in full' }).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('l')]);
    const rows = (await readFile(await download.path(), 'utf8'))
      .trim()
      .split('\n')
      .map(row => JSON.parse(row));
    const beliefs = await cards().locator('.belief').allInnerTexts();
    expect(rows.map(row => [row.question, row.belief])).toEqual(beliefs.map(text => [QUESTION, text.slice(2)]));
    const copy = page.url();
    await page.goto('about:blank');
    await page.goto(copy);
    await done();
    await page.getByRole('heading', { name: 'latent step 3, in full' }).waitFor();
    expect(await cards().locator('.thought').allInnerTexts()).toEqual(texts);
    expect(faults).toEqual([]);
  });

  it('a text of one’s own is scored as it is typed, and letters are letters', async () => {
    await page.goto(`${server.url}#/0/problems`);
    await page.getByRole('button', { name: 'Begin with what was read' }).click();
    const row = page.getByRole('row', { name: /^yours/ });
    await row.waitFor();
    expect(await row.locator('.difference').allInnerTexts()).toEqual(['=', '=', '=', '=']);
    const address = page.url();
    const field = page.getByLabel(/^Your own text for/);
    await field.fill('');
    await field.pressSequentially('<< 9 - 7 = 2 gjk?');
    expect(page.url().replace(/&?own=[^&]*/, '')).toBe(address.replace(/&?own=[^&]*/, ''));
    await page.getByText(/does not have "gjk"/).waitFor();
    await field.fill('<< 9 - 7 = 2');
    await page.locator('.worth').getByText('not readable').waitFor();
    expect(await row.locator('.difference.miss').count()).toBe(4);
    expect(faults).toEqual([]);
  });

  it('a number is edited in place: both readings side by side, what changed marked, whether the answer follows', async () => {
    const { question } = run.problems[1]!;
    await page.goto(`${server.url}#/0/problems/${run.problems[1]!.id}`);
    await page.getByRole('link', { name: /^Ask this again/ }).click();
    await done();
    const number = page.getByLabel(/number 1 of the question/);
    const was = await number.inputValue();
    await number.fill('18');
    await number.press('Enter');
    await page.locator('.both').first().waitFor();
    await done();
    expect(await page.getByRole('region', { name: 'edited' }).locator('mark').innerText()).toBe('18');
    expect(await page.getByRole('region', { name: 'edited' }).locator('.answer').innerText()).toMatch(
      /answer \d+ \((was \d+|as before)/,
    );
    expect(await page.locator('.both .card').count()).toBe(4);
    expect(await page.locator('.both .card mark').count()).toBeGreaterThan(0);
    expect(await page.getByText(/^predicted/).count()).toBeGreaterThan(0);
    const address = page.url();
    expect(address).toContain('edit=0%3A18');
    await page.goBack();
    await expect.poll(() => number.inputValue()).toBe(was);
    expect(await page.locator('.both').count()).toBe(0);
    expect(question.includes(was)).toBe(true);
    expect(faults).toEqual([]);
  });

  it('the oracle is asked under a step: answers beside those about another thought, refusals as sentences', async () => {
    const [{ problem, answer, shuffled }, typed] = answered.slice(2) as [Answered, Answered];
    await page.goto(`${server.url}#/0/problems/${problem}?step=k3@2.result`);
    const box = page.getByRole('region', { name: 'Ask the oracle' });
    await box.getByRole('button', { name: TO_THE_ORACLE[0]! }).click();
    const field = box.getByLabel('Ask the oracle about latent step 3');
    await field.pressSequentially(typed.question);
    await field.press('Enter');
    await field.fill('');
    await field.pressSequentially('gjk');
    await field.press('Enter');
    await box.getByText(/knows none of its words/).waitFor();
    expect(await box.locator('dd').allInnerTexts()).toEqual([
      ...[typed.answer, typed.shuffled.answer],
      ...[answer, shuffled.answer],
    ]);
    const same = answered.slice(2).filter(told => told.answer === told.shuffled.answer);
    expect(await box.getByText('it says nothing of this one').count()).toBe(same.length);
    expect(page.url()).toContain(`/0/problems/${problem}?step=k3%402.result&ask=gjk`);
    await page.evaluate(axe.source);
    expect(await page.evaluate("axe.run('.ask-oracle').then(result => result.violations)")).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('is cancelled by its button and by leaving, and is there for the next', async () => {
    const another = QUESTION.replace('5', '8');
    await page.goto(`${server.url}#/0/try?q=${encodeURIComponent(another)}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    await page.getByRole('link', { name: 'Table' }).click();
    await page.goto(`${server.url}#/0/try?q=${encodeURIComponent(another)}`);
    await done();
    expect(faults).toEqual([]);
  });

  it('a hostile question is refused as a text', async () => {
    await page.goto(`${server.url}#/0/try`);
    await page.getByLabel('Ask the model a question').fill('</script><img src=x onerror="window.harmed=1"> \u202e');
    await page.keyboard.press('Enter');
    await page.getByText(/vocabulary does not have .*"onerror"/).waitFor();
    expect(await page.locator('.refused img').count()).toBe(0);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('a page of another inspector is told to be loaded again', async () => {
    await page.route('**/api/runs/0/try', route =>
      route.continue({ headers: { ...route.request().headers(), 'x-recodi-token': 'x'.repeat(43) } }),
    );
    await page.goto(`${server.url}#/0/try?q=Tom`);
    await page.getByText(/Load it again/).waitFor();
    expect(faults).toEqual([]);
  });

  it('a run without a policy says so, and a report that it computes nothing', async () => {
    await page.goto(`${server.url}#/1/try`);
    await page
      .getByRole('alert')
      .getByText(/no trained policy yet/)
      .waitFor();
    const out = mkdtempSync(join(tmpdir(), 'recodi-report-'));
    const file = await writeReport(out, openRuns([run.paths.folder]), built);
    await page.goto(`${pathToFileURL(file).href}#/0/try`);
    await page.getByText('A report computes nothing.').waitFor();
    await page.getByRole('link', { name: 'Readings' }).click();
    await page.locator('.strip .card').first().waitFor();
    expect(await page.locator('.own-text, .ask-oracle').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('axe-core finds nothing against what computes, %s, %i wide', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const of = encodeURIComponent(run.problems[1]!.question);
    for (const [view, shown] of [
      ['try', '.beginning a'],
      ['try?q=zebras', '.refused'],
      [`problems?own=${encodeURIComponent('<< 9 - 7 =')}`, '.worth'],
      [`try?q=${of}&own=${encodeURIComponent('<< 9 - 7 =')}`, '.worth'],
      [`try?q=${of}&edit=0:18&side=edited`, '.both + .both .card[aria-current], .both .card:nth-child(2) .belief'],
    ] as const) {
      await page.goto(`${server.url}#/0/${view}`);
      await page.locator(shown).first().waitFor();
      await page.evaluate(axe.source);
      const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
        'axe.run().then(result => result.violations)',
      );
      const told = violations.map(({ id, nodes }) => [id, nodes.map(node => `${node.html} ${node.failureSummary}`)]);
      expect.soft(told, view).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  });
});

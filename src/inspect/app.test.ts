import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluation } from '../eval/evaluation.fixture.ts';
import { formatJsonl } from '../run/jsonl.ts';
import type { RunPaths } from '../run/paths.ts';
import { inspectorApp } from './app.ts';
import { openRuns } from './runReader.ts';
import { audit, HOSTILE, labels, metricsLine, smallRun, writeLabels } from './runs.fixture.ts';
import { type Listening, listen } from './serve.ts';
import { umapOf } from './umap.ts';
import type {
  AuditAnswer,
  EvaluationAnswer,
  MapAnswer,
  Metrics,
  ProblemAnswer,
  Problems,
  Runs,
  Samples,
  WireError,
} from './wire.ts';

const page = new Map([['index.html', '<!doctype html><title>page</title>']]);
const host = '127.0.0.1:4000';

async function get<T>(paths: readonly RunPaths[], path: string, headers: Record<string, string> = { host }) {
  const app = inspectorApp(openRuns(paths.map(({ folder }) => folder)), page);
  const response = await app.request(path, { headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

describe('what it answers', () => {
  const whole = smallRun();

  it('runs: state, headline scores with their intervals, time, and what differs between configs', async () => {
    const bare = smallRun('bare', ['labels', 'evaluation', 'metrics']);
    writeFileSync(bare.config, readFileSync(bare.config, 'utf8').replace('updates: 3', 'updates: 4'));
    const { body } = await get<Runs>([whole, bare], '/api/runs');
    const [first, second] = body.runs;
    expect(first).toMatchObject({ name: 'small', seed: 7, state: 'finished', seconds: 90, complaints: [] });
    expect(first!.updates).toEqual({ done: 3, of: 3 });
    expect(first!.headline.map(({ name, figure }) => [name, figure.value])).toEqual([
      ['result 1', 0.9],
      ['result 2', 0.2],
      ['whole chain', 0.97],
    ]);
    expect(second).toMatchObject({ state: 'stopped', seconds: null, headline: [] });
    expect(body.differences).toEqual([{ key: 'ppo.updates', values: ['3', '4'] }]);
  });

  it('says of every missing file which command makes it', async () => {
    const bare = smallRun('bare', ['labels', 'evaluation']);
    const { body } = await get<Runs>([bare], '/api/runs');
    expect(body.runs[0]!.complaints).toEqual([
      expect.stringMatching(/eval\.json: no such file.*`recodi eval .*bare`/),
      expect.stringMatching(/labels\.jsonl: no such file.*`recodi label .*bare`/),
    ]);
    const problems = await get<WireError>([bare], '/api/runs/0/problems');
    expect([problems.status, problems.body.error.message]).toEqual([422, body.runs[0]!.complaints[1]]);
  });

  it('the audit as it was written, or the command that makes it', async () => {
    expect((await get<AuditAnswer>([whole], '/api/runs/0/audit')).body).toEqual(audit());
    const { status, body } = await get<WireError>([smallRun('bare', ['audit'])], '/api/runs/0/audit');
    expect([status, body.error.message]).toEqual([422, expect.stringMatching(/audit\.json.*`recodi audit .*bare`/)]);
  });

  it('says where a file is broken, and shows the rest of the run', async () => {
    const broken = smallRun('broken');
    const labelsPath = join(broken.labels, 'labels.jsonl');
    const [first, ...rest] = readFileSync(labelsPath, 'utf8').split('\n');
    writeFileSync(labelsPath, [first, ...rest].join('\n').replace('"similarity":0.91', '"similarity":"much"'));
    writeFileSync(broken.evaluation, '{"format": 1');
    appendFileSync(broken.metrics, 'no JSON\n');
    const { body } = await get<Runs>([broken], '/api/runs');
    expect(body.runs[0]!.complaints).toEqual([
      expect.stringMatching(/metrics\.jsonl:4: expected one JSON object/),
      expect.stringMatching(/eval\.json: not JSON/),
      expect.stringMatching(/labels\.jsonl:1: scores\.similarity: .*`recodi label .*broken`/),
    ]);
    expect((await get([whole, broken], '/api/runs/0/problems')).status).toBe(200);
  });

  it('a config that is no YAML leaves a run that cannot be read, in one sentence', async () => {
    const run = smallRun('torn');
    writeFileSync(run.config, 'name: [');
    const [torn] = (await get<Runs>([run], '/api/runs')).body.runs;
    expect(torn).toMatchObject({
      state: 'unreadable',
      complaints: [expect.stringMatching(/config\.yaml: not YAML: [^\n]*$/)],
    });
  });

  it('problems: columns of all labels, and all labels of one with its views in words', async () => {
    const { body } = await get<Problems>([whole], '/api/runs/0/problems');
    expect(body.views.map(({ id, anchor }) => [id, anchor])).toEqual([
      ['k1@1.result', '1.result'],
      ['k3@2.result', '2.result'],
    ]);
    expect(body.problems).toMatchObject({
      id: ['p1', 'p2', 'p3/..'],
      answered: [true, true, false],
      readings: [2, 1, 1],
    });
    expect(body.readings).toMatchObject({
      view: [0, 1, 0, 0],
      explanation: ['<< 5 + 6 =', null, '<< 5 + 6 =', HOSTILE],
      readable: [true, true, false, true],
      exact: [true, false, true, false],
      result: ['11', '22', '11', '11'],
      operation: ['+', '*', '+', '+'],
    });
    expect(body.readings.scores.fve).toEqual([0.7, 0.7, 0.7, 0.7]);
    const one = await get<ProblemAnswer>([whole], `/api/runs/0/problems/${encodeURIComponent('p3/..')}`);
    expect(one.body.labels).toEqual([labels()[3]]);
    expect(one.body.labels[0]!.explanation).toBe(HOSTILE);
    expect(one.body.described['k1@1.result']).toMatch(/latent step 1, translated to the chain after the result/);
  });

  it('maps: where the thoughts of all views and of one lie, and their texts', async () => {
    const { body } = await get<MapAnswer>([whole], '/api/runs/0/map/pca');
    expect(body).toMatchObject({
      method: 'pca',
      problem: ['p1', 'p1', 'p2', 'p3/..'],
      view: ['k1@1.result', 'k3@2.result', 'k1@1.result', 'k1@1.result'],
    });
    expect([body.targets.x, body.targets.y, body.texts!.x, body.texts!.y].map(column => column.length)).toEqual([
      4, 4, 4, 4,
    ]);
    expect(body.explained![0]).toBeGreaterThan(body.explained![1]);
    const one = await get<MapAnswer>([whole], '/api/runs/0/map/pca/k3@2.result');
    expect([one.body.problem, one.body.targets.x, one.body.explained]).toEqual([['p1'], [0], [0, 0]]);
    const none = await get<WireError>([whole], '/api/runs/0/map/pca/k9');
    expect([none.status, none.body.error.message]).toEqual([404, expect.stringContaining('no label is of view k9')]);
    const few = await get<WireError>([whole], '/api/runs/0/map/umap');
    expect([few.status, few.body.error.message]).toEqual([404, expect.stringContaining('at least 16 thoughts')]);
  });

  it('a map by UMAP from the seed of the run, made in a thread of its own', async () => {
    const run = smallRun('many', ['labels']);
    const [one] = labels();
    writeLabels(
      run,
      Array.from({ length: 24 }, (_, i) => ({ ...one!, id: `q${i}:${one!.view}`, problem: `q${i}` })),
    );
    const { body } = await get<MapAnswer>([run], '/api/runs/0/map/umap');
    const { d, targets } = openRuns([run.folder])[0]!.vectors();
    const places = await umapOf({ rows: targets, d, seed: 7 });
    expect(body.targets.x).toEqual([...places].filter((_, at) => at % 2 === 0).map(x => Number(x.toPrecision(4))));
    expect(body.texts).toBeNull();
  });

  it('vectors of other labels are refused', async () => {
    const run = smallRun('mixed');
    appendFileSync(join(run.labels, 'labels.jsonl'), formatJsonl([{ ...labels()[0]!, id: 'p4:k1', problem: 'p4' }]));
    const { status, body } = await get<WireError>([run], '/api/runs/0/map/pca');
    expect([status, body.error.message]).toEqual([
      422,
      expect.stringMatching(/vectors\.safetensors: it belongs to other labels.*`recodi label .*mixed`/),
    ]);
  });

  it('the held-out table as eval.json has it', async () => {
    const { body } = await get<EvaluationAnswer>([whole], '/api/runs/0/evaluation');
    expect(body.evaluation.views.map(({ id, rows }) => [id, rows])).toEqual(
      evaluation.views.map(({ id, rows }) => [id, rows]),
    );
  });

  it('samples: the text and its numbers', async () => {
    const { body } = await get<Samples>([whole], '/api/runs/0/samples');
    expect(body.samples.map(({ update, text, scores }) => [update, text, scores])).toEqual([
      [1, '<< 1 + 6 =', { reward: 0.1, fve: -3 }],
      [2, '<< 2 + 6 =', { reward: 0.2, fve: -3 }],
    ]);
    const bare = await get<WireError>([smallRun('bare', ['samples'])], '/api/runs/0/samples');
    expect(bare.body.error.message).toMatch(/samples\.jsonl: no such file/);
  });

  it('metrics with how to read them', async () => {
    const { body } = await get<Metrics>([whole], '/api/runs/0/metrics');
    expect(body.lines).toEqual([1, 2, 3].map(update => metricsLine(update)));
    expect(body.end).toBe(readFileSync(whole.metrics).length);
    expect(body.readings['inversion/gap']).toMatch(/what reading means/);
  });

  it('reads a file again when it has changed', async () => {
    const run = smallRun();
    const app = inspectorApp(openRuns([run.folder]), page);
    const done = async () =>
      ((await (await app.request('/api/runs', { headers: { host } })).json()) as Runs).runs[0]!.updates.done;
    expect(await done()).toBe(3);
    appendFileSync(run.metrics, formatJsonl([metricsLine(4)]));
    expect(await done()).toBe(4);
    const whole = readFileSync(run.evaluation, 'utf8');
    const table = async () => (await app.request('/api/runs/0/evaluation', { headers: { host } })).status;
    writeFileSync(run.evaluation, whole.slice(0, 9));
    expect([await table(), await table()]).toEqual([422, 422]);
    writeFileSync(run.evaluation, whole);
    expect(await table()).toBe(200);
  });
});

describe('whom it answers', () => {
  const run = smallRun();
  const status = async (headers: Record<string, string>) => (await get([run], '/api/runs', headers)).status;

  it.each([['localhost:1'], ['127.0.0.1'], ['127.0.0.1:65535']])('the host %s', async name => {
    expect(await status({ host: name })).toBe(200);
    expect(await status({ host: name, origin: `http://${name}` })).toBe(200);
  });

  it.each([
    [{}],
    [{ host: 'evil.example' }],
    [{ host: '127.0.0.1.evil.example' }],
    [{ host: 'localhost:80@evil.example' }],
    [{ host, origin: 'http://evil.example' }],
    [{ host, origin: 'http://127.0.0.1:4001' }],
    [{ host, origin: 'https://127.0.0.1:4000' }],
    [{ host, origin: 'null' }],
  ] as [Record<string, string>][])('nobody who says %o', async headers => {
    expect(await status(headers)).toBe(403);
  });

  it('no page from elsewhere that only loads, but who follows a link to the page', async () => {
    expect(await status({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ host, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await status({ host, 'sec-fetch-site': 'same-origin' })).toBe(200);
    const app = inspectorApp(openRuns([run.folder]), page);
    expect((await app.request('/', { headers: { host, 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
  });

  it('nothing but reading', async () => {
    const app = inspectorApp(openRuns([run.folder]), page);
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await app.request('/api/runs', { method, headers: { host } })).status).toBe(403);
  });

  it('lets the page load nothing from elsewhere, and nobody frame it or keep it', async () => {
    const { headers } = await get([run], '/api/runs');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('over a socket', () => {
  let server: Listening;
  const run = smallRun();
  beforeEach(async () => {
    server = await listen(inspectorApp(openRuns([run.folder]), page), 0);
  });
  afterEach(() => server.close());

  /** Node's own client, which leaves a path as it is. */
  const raw = (path: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      request({ hostname, port, path }, response => {
        let body = '';
        response.on('data', chunk => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      })
        .on('error', reject)
        .end();
    });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/index.html/../../package.json',
    '//etc/passwd',
    '/api/runs/..%2f..%2fetc/metrics',
    '/api/runs/0/problems/..%2f..%2fconfig.yaml',
    '/api/runs/1/problems',
    '/api/runs/-1/metrics',
    '/config.yaml',
  ])('%s leads nowhere', async path => {
    const { status, body } = await raw(path);
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'usage' } });
  });

  it('is on the loopback, and gives the page', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await raw('/')).toEqual({ status: 200, body: page.get('index.html') });
  });

  it('says that a port is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(listen(inspectorApp([], page), port)).rejects.toThrow(/port \d+ is not to be had.*--port/);
  });

  it('sends new lines as they are written, whole ones only, and goes on where a lost connection was', async () => {
    const { end } = (await (await fetch(`${server.url}api/runs/0/metrics`)).json()) as Metrics;
    const gone = new AbortController();
    const { body } = await fetch(`${server.url}api/runs/0/metrics/live?from=0`, {
      headers: { 'last-event-id': String(end) },
      signal: gone.signal,
    });
    const [line] = [formatJsonl([metricsLine(4)])];
    appendFileSync(run.metrics, `${line}{"phase":"pp`);
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('event: lines')) break;
    }
    gone.abort();
    const data = JSON.parse(/^data: (.*)$/m.exec(text)![1]!) as Metrics;
    expect(data.lines).toEqual([metricsLine(4)]);
    expect(text).toContain(`id: ${end + line.length}`);
  });
});

it('a folder that is no run is refused with what to name', () => {
  expect(() => openRuns(['/nowhere'])).toThrow(/nowhere: not a run folder.*recodi train/);
});

/** What is asked and answered by the endpoints that compute, whatever it is that computes. */
import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectorApp } from './app.ts';
import { type Computing, createComputing, type JobContext, type Thinker } from './computing.ts';
import { openRuns } from './runReader.ts';
import { smallRun } from './runs.fixture.ts';
import { type Listening, listen } from './serve.ts';
import type { JobEvent } from './wire.ts';

const page = new Map([['index.html', '<!doctype html><html><head><title>page</title></head></html>']]);
const question = 'Tom has 5 apples . How many apples does Tom have ?';
const score = { question, view: 'k1', text: '<< 5' };

let computing: Computing;
let server: Listening;
let closed: boolean;
/** Jobs, as they come to what computes; each is at work until it is cancelled. */
let begun: { request: unknown; job: JobContext }[];

async function untilCancelled(request: unknown, job: JobContext): Promise<void> {
  begun.push({ request, job });
  job.send({ event: 'stage', name: 'thinking', done: 1, total: 2 });
  await once(job.signal, 'abort');
  job.signal.throwIfAborted();
}

const thinker: Thinker = {
  examples: () => ({ questions: [question] }),
  try: (_run, request, job) => untilCancelled(request, job),
  score: async (_run, request, job) => {
    begun.push({ request, job });
    if ('problem' in request) throw new Error('no such problem');
  },
  ask: (_run, _oracle, request, job) => untilCancelled(request, job),
  close: async () => {
    closed = true;
  },
};

beforeEach(async () => {
  begun = [];
  closed = false;
  computing = createComputing(async () => thinker);
  server = await listen(inspectorApp(openRuns([smallRun().folder]), page, computing), 0);
  return async () => {
    await server.close();
    await computing.close();
  };
});

interface Asking {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

const post = (what: string, body: unknown, { token = computing.token, headers = {}, signal }: Asking = {}) =>
  fetch(`${server.url}api/runs/0/${what}`, {
    method: 'POST',
    headers: { 'x-recodi-token': token, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });

const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { message: string } };
  return [response.status, error.message] as const;
};

const events = async (response: Response) =>
  (await response.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as JobEvent);

describe('who may ask', () => {
  it('the page that was handed out, by the token that stands in it', async () => {
    const html = await (await fetch(server.url)).text();
    const [, token] = /<meta name="token" content="([\w-]{43})">/.exec(html)!;
    expect(token).toBe(computing.token);
    expect((await post('score', score, { token: token! })).status).toBe(200);
    expect(createComputing().token).not.toBe(computing.token);
  });

  it.each(['', 'x', 'x'.repeat(43), 'ü'])('nobody with the token %j', async token => {
    const given = encodeURIComponent(token);
    expect(await refusal(await post('try', { question }, { token: given }))).toEqual([
      403,
      expect.stringMatching(/Load it again/),
    ]);
    expect(begun).toEqual([]);
  });

  it('no other page, whatever its token, and nobody by another method', async () => {
    expect((await post('try', { question }, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const headers = { 'x-recodi-token': computing.token };
      expect((await fetch(`${server.url}api/runs/0/try`, { method, headers })).status).toBe(403);
    }
    expect((await fetch(`${server.url}api/runs/0/try`)).status).toBe(200);
    expect(begun).toEqual([]);
  });

  it('nobody where nothing computes', async () => {
    const reading = inspectorApp(openRuns([smallRun().folder]), page);
    const headers = { host: 'localhost', 'x-recodi-token': computing.token };
    const response = await reading.request('/api/runs/0/try', { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(403);
    expect(await (await reading.request('/', { headers })).text()).not.toContain('token');
  });
});

describe('what may be asked', () => {
  it.each([
    ['try', 'no JSON', 400],
    ['try', {}, 400],
    ['try', { question: '' }, 400],
    ['try', { question: 'x'.repeat(2001) }, 400],
    ['try', { question, run: '../..' }, 400],
    ['try', { question, edit: { number: 0, to: '1e9' } }, 400],
    ['try', { question, edit: { number: -1, to: '1' } }, 400],
    ['try', { question, edit: { number: 0, to: '1', from: '2' } }, 400],
    ['try', { question: 'x'.repeat(9000) }, 413],
    ['score', { question, view: 'k1' }, 400],
    ['score', { question, problem: 'p1', view: 'k1', text: '<<' }, 400],
    ['ask', { problem: 'p1', steps: [], question }, 400],
    ['ask', { problem: 'p1', steps: [-1], question }, 400],
    ['ask', { problem: 'p1', steps: [1], question, oracle: '../..' }, 400],
  ])('%s %j is refused', async (what, body, status) => {
    expect((await post(what, body)).status).toBe(status);
    expect(begun).toEqual([]);
  });

  it('a body that does not say how long it is, is read no further than it may be', async () => {
    const endless = new ReadableStream({
      pull: controller => controller.enqueue(new TextEncoder().encode(' '.repeat(1000))),
    });
    const headers = { 'x-recodi-token': computing.token };
    const sent = fetch(`${server.url}api/runs/0/try`, {
      method: 'POST',
      headers,
      body: endless,
      duplex: 'half',
    } as RequestInit);
    const status = await sent.then(
      response => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(status);
    expect(begun).toEqual([]);
  });

  it('nothing of a run that was not named', async () => {
    const headers = { 'x-recodi-token': computing.token };
    const elsewhere = await fetch(`${server.url}api/runs/7/try`, { method: 'POST', headers, body: '{"question":"x"}' });
    expect(elsewhere.status).toBe(404);
  });
});

describe('a job', () => {
  it('tells of itself line by line, and of what went wrong', async () => {
    expect(await events(await post('score', score))).toEqual([{ event: 'done' }]);
    const { question: _, ...ofProblem } = { ...score, problem: 'p1' };
    expect(await events(await post('score', ofProblem))).toEqual([
      { event: 'refused', error: { code: 'internal', message: expect.stringMatching(/no such problem/) } },
    ]);
    expect(begun.map(({ request }) => request)).toEqual([score, ofProblem]);
  });

  it('asks no oracle where none was trained on the run', async () => {
    expect(await (await fetch(`${server.url}api/runs/0/oracle`)).json()).toEqual({ oracle: null });
    expect(await events(await post('ask', { problem: 'p1', steps: [1], question }))).toEqual([
      { event: 'refused', error: { code: 'usage', message: expect.stringMatching(/no oracle .*recodi oracle train/) } },
    ]);
    expect(begun).toEqual([]);
  });

  it('is one at a time; who goes away cancels it', async () => {
    const gone = new AbortController();
    const first = await post('try', { question }, { signal: gone.signal });
    await first.body!.getReader().read();
    const [status, sentence] = await refusal(await post('score', score));
    expect([status, sentence]).toEqual([409, expect.stringMatching(/one thing at a time .*cancel it/)]);
    gone.abort();
    await once(begun[0]!.job.signal, 'abort');
    expect((await post('score', score)).status).toBe(200);
    expect(begun).toHaveLength(2);
  });

  it('is cancelled when the inspector ends, and what computes is closed', async () => {
    const first = await post('try', { question });
    await first.body!.getReader().read();
    await server.close();
    await computing.close();
    expect([begun[0]!.job.signal.aborted, closed]).toEqual([true, true]);
  });
});

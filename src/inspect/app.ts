/**
 * The inspector's endpoints. It answers this machine's own browser and nobody else: the Host header must name the loopback
 * (another name that was made to point here is refused), the Origin, where there is one, must be the page's own, and the page may
 * load nothing from elsewhere. It only reads; what computes besides, where anything does, is computing.ts.
 */
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { describeView } from '../cli/evalTable.ts';
import { type ErrorCode, RecodiError, toRecodiError } from '../run/errors.ts';
import type { JsonRecord } from '../run/jsonl.ts';
import { metricRow } from '../run/metrics.ts';
import type { BuiltPage } from './builtPage.ts';
import { addComputing, type Computing, withToken } from './computing.ts';
import { followLines } from './jsonlTail.ts';
import { MAP_METHODS, mapJson } from './map.ts';
import { indexJson, problemAnswer } from './problems.ts';
import type { RunReader } from './runReader.ts';
import { summarize } from './summary.ts';
import type { AuditAnswer, EvaluationAnswer, Metrics, Samples, WireError } from './wire.ts';

const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/;
const LOOK_EVERY_MS = 1000;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

const JSON_TYPE = { 'Content-Type': 'application/json' };

const STATUS = { usage: 404, input: 422, config: 422, gate: 500, device: 500, internal: 500 } as const satisfies Record<
  ErrorCode,
  number
>;

export function inspectorApp(runs: readonly RunReader[], page: BuiltPage, computing?: Computing): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      strictTransportSecurity: false,
    }),
  );
  app.use(async (c, next) => {
    const host = c.req.header('host') ?? '';
    const origin = c.req.header('origin');
    if (!LOOPBACK.test(host)) return refuse(c, `the Host ${JSON.stringify(host)} is not this machine`);
    if (origin !== undefined && origin !== `http://${host}`) return refuse(c, 'the request comes from another page');
    // A page from elsewhere that only loads, as an image does, sends no Origin: it may follow a link here, and ask for nothing.
    const site = c.req.header('sec-fetch-site') ?? 'none';
    if (c.req.path.startsWith('/api/') && site !== 'same-origin' && site !== 'none')
      return refuse(c, 'the request comes from another page');
    c.header('Cache-Control', 'no-store');
    return next();
  });
  app.onError((thrown, c) => {
    const { code, message } = toRecodiError(thrown);
    return c.json({ error: { code, message } } satisfies WireError, STATUS[code]);
  });

  const runOf = (c: Context): RunReader => {
    const run = runs[Number(c.req.param('run'))];
    if (!run) throw new RecodiError('usage', `there is no run ${c.req.param('run')}; ${runs.length} were named.`);
    return run;
  };
  if (computing) addComputing(app, runs, runOf, computing);
  app.use(async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return refuse(c, 'the inspector only reads');
    return next();
  });
  app.get('/api/runs', c => c.json(summarize(runs)));
  app.get('/api/runs/:run{\\d+}/metrics', c => c.json(metricsOf(runOf(c))));
  app.get('/api/runs/:run{\\d+}/metrics/live', c => live(c, runOf(c)));
  app.get('/api/runs/:run{\\d+}/evaluation', c => c.json(evaluationOf(runOf(c))));
  app.get('/api/runs/:run{\\d+}/audit', c => c.json(runOf(c).audit() satisfies AuditAnswer));
  app.get('/api/runs/:run{\\d+}/samples', c => c.json({ samples: runOf(c).samples() } satisfies Samples));
  app.get('/api/runs/:run{\\d+}/problems', c => c.body(indexJson(runOf(c).labels()), 200, JSON_TYPE));
  for (const method of MAP_METHODS) {
    const answer = async (c: Context) => c.body(await mapJson(runOf(c), method, c.req.param('view')), 200, JSON_TYPE);
    app.get(`/api/runs/:run{\\d+}/map/${method}`, answer);
    app.get(`/api/runs/:run{\\d+}/map/${method}/:view`, answer);
  }
  app.get('/api/runs/:run{\\d+}/problems/:id', c => c.json(problemAnswer(runOf(c), c.req.param('id'))));
  app.get('/:name?', c => {
    const name = c.req.param('name') ?? 'index.html';
    const text = page.get(name);
    if (text === undefined) return c.notFound();
    const body = computing && name === 'index.html' ? withToken(text, computing) : text;
    return c.body(body, 200, { 'Content-Type': TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream' });
  });
  app.notFound(c => c.json({ error: { code: 'usage', message: `there is no ${c.req.path} here.` } }, 404));
  return app;
}

const refuse = (c: Context, why: string) => c.json({ error: { code: 'usage', message: `refused: ${why}.` } }, 403);

function metricsOf(run: RunReader): Metrics {
  const { lines, end } = run.metrics();
  return { lines, end, readings: readingsOf(lines) };
}

function readingsOf(lines: readonly JsonRecord[]): Record<string, string> {
  const names = new Set(lines.flatMap(Object.keys));
  const rows = [...names].flatMap(name => {
    const row = metricRow(name);
    return row ? [[name, row.read] as const] : [];
  });
  return Object.fromEntries(rows);
}

function evaluationOf(run: RunReader): EvaluationAnswer {
  const evaluation = run.evaluation();
  return { evaluation, described: Object.fromEntries(evaluation.views.map(view => [view.id, describeView(view)])) };
}

/** New lines of metrics.jsonl, from byte `from` or from where a lost connection had got to. */
function live(c: Context, run: RunReader): Response {
  const from = Number(c.req.header('last-event-id') ?? c.req.query('from') ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw new RecodiError('usage', 'from: expected a number of bytes.');
  return streamSSE(c, async stream => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    await stream.write(': listening\n\n');
    for await (const { records, end, cut } of followLines(run.metricsPath, {
      from,
      everyMs: LOOK_EVERY_MS,
      signal: gone.signal,
    })) {
      const sent: Metrics = { lines: records, end, readings: readingsOf(records) };
      await stream.writeSSE({ event: cut ? 'cut' : 'lines', id: String(end), data: JSON.stringify(sent) });
    }
  });
}

/**
 * The endpoints that compute. They answer the page that this server handed out and nobody else: a request carries the token that
 * stands in the page alone, is a POST of a small JSON body and exactly as its schema says. One job runs at a time; what it has to say
 * is streamed, a line of JSON for each event, and who goes away cancels it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { basename } from 'node:path';
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { stream } from 'hono/streaming';
import { z } from 'zod';
import { RecodiError, toRecodiError } from '../run/errors.ts';
import { isAbort } from '../run/interrupt.ts';
import { memo } from '../run/memo.ts';
import type { RunPaths } from '../run/paths.ts';
import { createJobs, type Job } from './job.ts';
import { oracleOf } from './oracles.ts';
import type { RunReader } from './runReader.ts';
import type { JobEvent, OracleAnswer, TryExamples, WireError } from './wire.ts';

export const TOKEN_HEADER = 'x-recodi-token';
const TOKEN_BYTES = 32;
const BODY_BYTES = 8 * 1024;
const LETTERS = 2000;
const STEPS = 256;

const typed = z.string().min(1).max(LETTERS);
const view = z.string().min(1).max(LETTERS);

const trySchema = z.strictObject({
  question: typed,
  /** A number of the question, from 0, and what it is to be. */
  edit: z.strictObject({ number: z.int().min(0), to: z.string().regex(/^\d{1,9}(\.\d{1,9})?$/) }).exactOptional(),
});
const scoreSchema = z.union([
  z.strictObject({ question: typed, view, text: typed }),
  z.strictObject({ problem: typed, view, text: typed }),
]);
const askSchema = z.strictObject({
  problem: typed,
  /** Latent steps whose vectors the oracle is shown. */
  steps: z.array(z.int().min(0)).min(1).max(STEPS),
  question: typed,
});

export type TryRequest = z.infer<typeof trySchema>;
export type ScoreRequest = z.infer<typeof scoreSchema>;
export type AskRequest = z.infer<typeof askSchema>;

export interface JobContext {
  readonly signal: AbortSignal;
  send(event: JobEvent): void;
}

/** What computes, opened when it is first asked for. */
export interface Thinker {
  /** @throws RecodiError for a run that cannot compute. */
  examples(run: RunReader): TryExamples;
  try(run: RunReader, request: TryRequest, job: JobContext): Promise<void>;
  score(run: RunReader, request: ScoreRequest, job: JobContext): Promise<void>;
  /** Asks the oracle of that run folder. */
  ask(run: RunReader, oracle: RunPaths, request: AskRequest, job: JobContext): Promise<void>;
  close(): Promise<void>;
}

export interface Computing {
  readonly token: string;
  /** undefined where another is at work. */
  begin(): Promise<Job | undefined>;
  thinker(): Promise<Thinker>;
  /** Cancels the job at work and ends its threads. */
  close(): Promise<void>;
}

const openThinker = async () => (await import('./thinker.ts')).createThinker();

export function createComputing(open: () => Promise<Thinker> = openThinker): Computing {
  const jobs = createJobs();
  let opened = false;
  const thinker = memo(() => {
    opened = true;
    return open();
  });
  return {
    token: randomBytes(TOKEN_BYTES).toString('base64url'),
    begin: jobs.begin,
    thinker,
    async close() {
      await jobs.close();
      if (opened) await (await thinker()).close();
    },
  };
}

/** The page, with the token in it. */
export const withToken = (html: string, { token }: Pick<Computing, 'token'>): string =>
  html.replace('</head>', () => `<meta name="token" content="${token}"></head>`);

export function addComputing(
  app: Hono,
  runs: readonly RunReader[],
  runOf: (c: Context) => RunReader,
  computing: Computing,
): void {
  const guards = [
    async (c: Context, next: () => Promise<void>) => {
      const given = c.req.header(TOKEN_HEADER) ?? '';
      if (!timingSafeEqual(digest(given), digest(computing.token)))
        return refuse(c, 403, 'this page is of an inspector that has ended. Load it again');
      return next();
    },
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: c => refuse(c, 413, `more than the ${BODY_BYTES} bytes that it may have`),
    }),
  ] as const;

  app.get('/api/runs/:run{\\d+}/try', async c => c.json((await computing.thinker()).examples(runOf(c))));
  app.post('/api/runs/:run{\\d+}/try', ...guards, c =>
    compute(c, trySchema, (thinker, ...given) => thinker.try(...given)),
  );
  app.post('/api/runs/:run{\\d+}/score', ...guards, c =>
    compute(c, scoreSchema, (thinker, ...given) => thinker.score(...given)),
  );
  app.get('/api/runs/:run{\\d+}/oracle', c => {
    const oracle = oracleOf(runOf(c), runs);
    return c.json({ oracle: oracle ? basename(oracle.folder) : null } satisfies OracleAnswer);
  });
  app.post('/api/runs/:run{\\d+}/ask', ...guards, c =>
    compute(c, askSchema, (thinker, run, ...given) => {
      const oracle = oracleOf(run, runs);
      if (oracle) return thinker.ask(run, oracle, ...given);
      throw new RecodiError(
        'usage',
        `${run.folder}: no oracle of this run is named or lies beside it; train one by \`recodi oracle train CONFIG\`.`,
      );
    }),
  );

  type Work<R> = (thinker: Thinker, run: RunReader, request: R, job: JobContext) => Promise<void>;

  async function compute<R>(c: Context, schema: z.ZodType<R>, work: Work<R>): Promise<Response> {
    const run = runOf(c);
    const { data: request, error } = schema.safeParse(await c.req.json().catch(() => undefined));
    if (error) {
      const [issue] = error.issues;
      return refuse(c, 400, `${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
    }
    const job = await computing.begin();
    if (!job)
      return refuse(
        c,
        409,
        'the inspector reads one thing at a time and is at another. Wait until that is done, or cancel it',
      );
    c.header('Content-Type', 'application/x-ndjson; charset=utf-8');
    return stream(c, async out => {
      out.onAbort(job.cancel);
      const send = (event: JobEvent) => void out.writeln(JSON.stringify(event));
      try {
        await work(await computing.thinker(), run, request, { signal: job.signal, send });
        send({ event: 'done' });
      } catch (thrown) {
        if (!isAbort(thrown, job.signal)) send({ event: 'refused', error: errorOf(thrown) });
      } finally {
        job.end();
      }
    });
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function errorOf(thrown: unknown): WireError['error'] {
  const { code, message } = toRecodiError(thrown);
  return { code, message };
}

const refuse = (c: Context, status: 400 | 403 | 409 | 413, why: string) =>
  c.json({ error: { code: 'usage', message: `Refused: ${why}.` } } satisfies WireError, status);

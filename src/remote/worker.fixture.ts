/** A worker process whose tasks are those of tasks.fixture.ts; same arguments as `recodi worker`. */
import { parseArgs } from 'node:util';
import { reportError } from '../run/errors.ts';
import { serve } from './serve.ts';
import { LISTED } from './tasks.fixture.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: { redis: { type: 'string' }, workers: { type: 'string' }, models: { type: 'string', multiple: true } },
});
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
await serve({
  redis: values.redis ?? '',
  models: values.models ?? [],
  threads: Number(values.workers),
  signal: stop.signal,
  say: sentence => console.log(sentence),
  tasks: LISTED,
}).catch(error => {
  process.exitCode = reportError(error);
});

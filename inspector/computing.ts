/** Asks the server to compute, with the token that it handed out in the page. One job of this page at a time: the next waits. */
import type { AskRequest, JobEvent, ScoreRequest, TryRequest } from '../src/inspect/wire.ts';
import { isReport } from './answers.ts';

const token = document.querySelector<HTMLMetaElement>('meta[name=token]')?.content;

/** A report has nobody to ask. */
export const canCompute = token !== undefined && !isReport;

let last: Promise<void> = Promise.resolve();

export interface Asking {
  readonly signal: AbortSignal;
  hear(event: JobEvent): void;
}

/** Resolves when there is no more to hear: the last event is `done` or `refused`, or the signal came before it. */
export function compute(path: `api/runs/${number}/try`, body: TryRequest, asking: Asking): Promise<void>;
export function compute(path: `api/runs/${number}/score`, body: ScoreRequest, asking: Asking): Promise<void>;
export function compute(path: `api/runs/${number}/ask`, body: AskRequest, asking: Asking): Promise<void>;
export function compute(path: string, body: object, asking: Asking): Promise<void> {
  const before = last;
  const job = before.then(() => perform(path, JSON.stringify(body), asking));
  last = job;
  return job;
}

async function perform(path: string, body: string, { signal, hear }: Asking): Promise<void> {
  if (signal.aborted) return;
  const refuse = (message: string) => hear({ event: 'refused', error: { code: 'usage', message } });
  try {
    const headers = { 'Content-Type': 'application/json', 'X-Recodi-Token': token ?? '' };
    const response = await fetch(`./${path}`, { method: 'POST', headers, body, signal });
    if (!response.ok) return refuse(((await response.json()) as { error: { message: string } }).error.message);
    let ended = false;
    for await (const event of eventsOf(response)) {
      ended ||= event.event === 'done' || event.event === 'refused';
      if (!signal.aborted) hear(event);
    }
    if (!ended && !signal.aborted)
      refuse('The inspector ended before it was done: start it again by `recodi inspect`.');
  } catch {
    if (!signal.aborted) refuse('The inspector does not answer: start it again by `recodi inspect`.');
  }
}

async function* eventsOf(response: Response): AsyncGenerator<JobEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as JobEvent;
  }
}

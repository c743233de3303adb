/** What the server says, asked once for each path; in a report that was exported it stands in the document itself. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { WireError } from '../src/inspect/wire.ts';

export type Answer<T> =
  | { readonly state: 'asked' }
  | { readonly state: 'here'; readonly value: T }
  | { readonly state: 'refused'; readonly message: string };

const inside = document.getElementById('answers')?.textContent;
const report = inside ? (JSON.parse(inside) as Readonly<Record<string, unknown>>) : undefined;

/** The page is a file: nothing changes any more, and nobody can be asked. */
export const isReport = report !== undefined;

const answers = new Map<string, Signal<Answer<unknown>>>();

export function ask<T>(path: string): ReadonlySignal<Answer<T>> {
  let answer = answers.get(path);
  if (!answer) {
    answer = signal<Answer<unknown>>(report ? understood(report[path]) : { state: 'asked' });
    answers.set(path, answer);
    if (!report) void fetchInto(path, answer);
  }
  return answer as Signal<Answer<T>>;
}

/** Asks again; what was known stays until then. */
export async function askAgain(path: string): Promise<void> {
  const answer = answers.get(path);
  if (answer && !report) await fetchInto(path, answer);
}

async function fetchInto(path: string, answer: Signal<Answer<unknown>>): Promise<void> {
  try {
    const response = await fetch(`./${path}`);
    answer.value = understood(await response.json());
  } catch {
    answer.value = { state: 'refused', message: 'The inspector does not answer: start it again by `recodi inspect`.' };
  }
}

function understood(body: unknown): Answer<unknown> {
  if (body === undefined) return { state: 'refused', message: 'This is not in the report.' };
  const { error } = body as Partial<WireError>;
  return error ? { state: 'refused', message: error.message } : { state: 'here', value: body };
}

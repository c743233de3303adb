/** Where the page is, kept in the address alone: `#/runs`, `#/curves?…`, `#/compare?…`, `#/0/problems/ID?…`, `#/0/try?…`, `#/0/table?…`, `#/0/samples?…`, `#/0/audit`, `#/0/map?…`. Every view can be linked to. */
import { computed, signal } from '@preact/signals';

/** Of one run. */
const RUN_VIEWS = ['table', 'samples', 'audit', 'map', 'try'] as const;

export interface Route {
  readonly view: 'home' | 'runs' | 'curves' | 'compare' | 'problems' | (typeof RUN_VIEWS)[number];
  /** Of the run's views. */
  readonly run: number;
  readonly problem: string | undefined;
  readonly params: URLSearchParams;
}

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

export const route = computed<Route>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?');
  const params = new URLSearchParams(query);
  const [first = '', second = '', third] = path.split('/');
  const run = /^\d+$/.test(first) ? Number(first) : 0;
  if (second === 'problems') return { view: 'problems', run, problem: third && decoded(third), params };
  const ofRun = RUN_VIEWS.find(view => view === second);
  if (ofRun) return { view: ofRun, run, problem: undefined, params };
  const view = first === 'runs' || first === 'curves' || first === 'compare' ? first : 'home';
  return { view, run, problem: undefined, params };
});

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type Params = Readonly<Record<string, string | undefined>>;

/** An address with some parameters changed; undefined takes one away. */
export function href(path: string, changes: Params = {}, base = new URLSearchParams()): string {
  const params = new URLSearchParams(base);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') params.delete(key);
    else params.set(key, value);
  }
  const query = params.toString();
  return `#/${path}${query ? `?${query}` : ''}`;
}

/** Path of the address as it is. */
const here = () => hash.value.replace(/^#\/?/, '').split('?')[0] ?? '';

export const withParams = (changes: Params): string => href(here(), changes, route.value.params);

/** Goes somewhere; `replace` where going back should not stop at every word that was typed. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  // At once, so that two keys pressed one after the other go two steps.
  hash.value = location.hash;
}

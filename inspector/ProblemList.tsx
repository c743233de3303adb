/** The problems of a run, one line each: searched, filtered, and only those in sight in the document. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ProblemLine } from '../src/inspect/wire.ts';
import { BELIEFS, beliefOf } from './belief.ts';
import { visible } from './format.ts';
import { go, href, route, withParams } from './route.ts';

export const FILTERS = {
  all: { word: 'all', keeps: () => true },
  accepted: { word: 'accepted', keeps: ({ readings }) => readings.every(reading => reading.accepted) },
  doubtful: {
    word: 'not accepted',
    keeps: ({ readings }) => readings.some(reading => reading.readable && !reading.accepted),
  },
  unreadable: { word: 'not readable', keeps: ({ readings }) => readings.some(reading => !reading.readable) },
  unused: { word: 'not used', keeps: ({ readings }) => readings.some(reading => !reading.used) },
  wrong: { word: 'answer wrong', keeps: ({ answered }) => !answered },
} as const satisfies Record<string, { word: string; keeps: (problem: ProblemLine) => boolean }>;

type FilterName = keyof typeof FILTERS;
const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

const filterName = (name: string | null): FilterName => FILTER_NAMES.find(known => known === name) ?? 'all';

/** What the address asks for, of all problems. */
export function chosenProblems(problems: readonly ProblemLine[], params: URLSearchParams): ProblemLine[] {
  const { keeps } = FILTERS[filterName(params.get('filter'))];
  const words = (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return problems.filter(problem => {
    if (!keeps(problem)) return false;
    if (words.length === 0) return true;
    const text = searchText(problem);
    return words.every(word => text.includes(word));
  });
}

const searchTexts = new WeakMap<ProblemLine, string>();

/** What is searched of a problem, made once. */
function searchText(problem: ProblemLine): string {
  let text = searchTexts.get(problem);
  if (text === undefined) {
    const { id, question, readings } = problem;
    text = [id, question, ...readings.map(({ explanation }) => explanation ?? '')].join(' ').toLowerCase();
    searchTexts.set(problem, text);
  }
  return text;
}

/** Height of a line in pixels, as in style.css. */
const LINE = 68;
const SPARE = 6;

interface ProblemListProps {
  readonly all: readonly ProblemLine[];
  readonly chosen: readonly ProblemLine[];
  readonly current: string | undefined;
}

export function ProblemList({ all, chosen, current }: ProblemListProps) {
  const { params, run } = route.value;
  const filter = filterName(params.get('filter'));
  const counts = useMemo(
    () => FILTER_NAMES.map(name => [name, all.filter(FILTERS[name].keeps).length] as const),
    [all],
  );
  return (
    <nav class="problems" aria-label="Problems">
      <search>
        <input
          type="search"
          name="q"
          placeholder="Search questions and readings  ( / )"
          aria-label="Search questions and readings"
          value={params.get('q') ?? ''}
          onInput={event => go(withParams({ q: event.currentTarget.value }), { replace: true })}
        />
        <ul class="filters">
          {counts.map(([name, count]) => (
            <li key={name}>
              <a
                href={withParams({ filter: name === 'all' ? undefined : name })}
                aria-current={name === filter ? 'true' : undefined}
              >
                {FILTERS[name].word} <span class="number">{count}</span>
              </a>
            </li>
          ))}
        </ul>
      </search>
      {chosen.length === 0 ? (
        <p class="notice">
          No problem is left. <a href={href(`${run}/problems`)}>Show all {all.length}</a>
        </p>
      ) : (
        <Lines chosen={chosen} current={current} />
      )}
    </nav>
  );
}

function Lines({ chosen, current }: Omit<ProblemListProps, 'all'>) {
  const list = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(900);
  const first = useComputed(() => Math.max(0, Math.floor(top.value / LINE) - SPARE));
  const count = useComputed(() => Math.ceil(height.value / LINE) + 2 * SPARE);
  const at = chosen.findIndex(({ id }) => id === current);
  useEffect(() => {
    const box = list.current;
    if (!box) return;
    height.value = box.clientHeight;
    if (at < 0) return;
    if (at * LINE < box.scrollTop) box.scrollTop = at * LINE;
    else if ((at + 1) * LINE > box.scrollTop + box.clientHeight) box.scrollTop = (at + 1) * LINE - box.clientHeight;
  }, [at, height]);
  return (
    <div
      class="lines"
      ref={list}
      onScroll={event => {
        top.value = event.currentTarget.scrollTop;
        height.value = event.currentTarget.clientHeight;
      }}
    >
      <ol
        style={{ height: `${chosen.length * LINE}px`, paddingTop: `${first.value * LINE}px` }}
        start={first.value + 1}
      >
        {chosen.slice(first.value, first.value + count.value).map(problem => (
          <Line key={problem.id} problem={problem} current={problem.id === current} />
        ))}
      </ol>
    </div>
  );
}

function Line({ problem, current }: { readonly problem: ProblemLine; readonly current: boolean }) {
  const { run, params } = route.value;
  return (
    <li>
      <a
        class="line"
        href={href(`${run}/problems/${encodeURIComponent(problem.id)}`, {}, params)}
        aria-current={current ? 'page' : undefined}
      >
        <span class="question">{visible(problem.question)}</span>
        <span class="signs">
          {problem.readings.map(reading => {
            const belief = beliefOf(reading);
            return (
              <span key={reading.view} class={`sign ${belief}`} title={`${reading.view}: ${BELIEFS[belief].word}`}>
                {BELIEFS[belief].sign}
              </span>
            );
          })}
        </span>
        <span class="reading text">{visible(problem.readings.at(-1)?.explanation ?? 'says nothing')}</span>
        {!problem.answered && <span class="wrong">answer wrong</span>}
      </a>
    </li>
  );
}

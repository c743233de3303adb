/** The problems of a run, one line each: searched, filtered and sorted. */
import { useMemo } from 'preact/hooks';
import { BELIEFS } from './belief.ts';
import { decimal, visible } from './format.ts';
import { InSight } from './InSight.tsx';
import {
  beliefAt,
  FILTER_NAMES,
  FILTERS,
  type ProblemIndex,
  readingAt,
  readingsOf,
  scoreAt,
  type Wanted,
} from './problemIndex.ts';
import { go, href, route, withParams } from './route.ts';

/** Height of a line in pixels, as in style.css. */
const LINE = 68;

interface ProblemListProps {
  readonly index: ProblemIndex;
  readonly wanted: Wanted;
  /** Rows. */
  readonly chosen: readonly number[];
  readonly current: string | undefined;
}

export function ProblemList({ index, wanted, chosen, current }: ProblemListProps) {
  const { params, run } = route.value;
  const total = index.problems.id.length;
  const rows = useMemo(() => index.problems.id.map((_, row) => row), [index]);
  const counts = useMemo(
    () => FILTER_NAMES.map(name => [name, rows.filter(row => FILTERS[name].keeps(index, row)).length] as const),
    [index, rows],
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
                aria-current={name === wanted.filter ? 'true' : undefined}
              >
                {FILTERS[name].word} <span class="number">{count}</span>
              </a>
            </li>
          ))}
        </ul>
        <Order index={index} wanted={wanted} />
      </search>
      {chosen.length === 0 ? (
        <p class="notice">
          No problem is left. <a href={href(`${run}/problems`)}>Show all {total}</a>
        </p>
      ) : (
        <InSight
          count={chosen.length}
          height={LINE}
          current={current === undefined ? -1 : chosen.indexOf(index.rowOf.get(current) ?? -1)}
        >
          {at => <Line key={chosen[at]} index={index} wanted={wanted} row={chosen[at]!} current={current} />}
        </InSight>
      )}
    </nav>
  );
}

const SCORES: Readonly<Record<string, string>> = {
  similarity: 'similarity',
  gap: 'swap gap',
  lift: 'lift over the empty text',
  fve: 'FVE',
  log_likelihood: 'log-likelihood',
  probability: 'probability',
};

export const scoreName = (score: string): string => SCORES[score] ?? visible(score);

function Order({ index, wanted: { sort, at, down } }: Pick<ProblemListProps, 'index' | 'wanted'>) {
  const choose = (changes: Parameters<typeof withParams>[0]) => go(withParams(changes), { replace: true });
  const { views, readings } = index;
  return (
    <div class="order">
      <select
        aria-label="Order"
        value={sort ?? ''}
        onChange={event => choose({ sort: event.currentTarget.value, down: undefined })}
      >
        <option value="">in their order</option>
        {Object.keys(readings.scores).map(score => (
          <option key={score} value={score}>
            by {scoreName(score)}
          </option>
        ))}
      </select>
      {views.length > 1 && (
        <select
          aria-label="View that is listed"
          class="text"
          value={views[at]?.id}
          onChange={event => choose({ at: event.currentTarget.value })}
        >
          {views.map(({ id, described }) => (
            <option key={id} value={id} title={described}>
              {visible(id)}
            </option>
          ))}
        </select>
      )}
      {sort !== undefined && (
        <button
          type="button"
          class="toggle"
          aria-label={down ? 'highest first' : 'lowest first'}
          title={down ? 'highest first' : 'lowest first'}
          onClick={() => choose({ down: down ? undefined : '1' })}
        >
          {down ? '▾' : '▴'}
        </button>
      )}
    </div>
  );
}

interface LineProps extends Pick<ProblemListProps, 'index' | 'wanted' | 'current'> {
  readonly row: number;
}

function Line({ index, wanted, row, current }: LineProps) {
  const { run, params } = route.value;
  const { problems, readings, views } = index;
  const id = problems.id[row]!;
  const listed = readingAt(index, row, wanted.at);
  const score = scoreAt(index, row, wanted);
  return (
    <li>
      <a
        class="line"
        href={href(`${run}/problems/${encodeURIComponent(id)}`, { own: undefined }, params)}
        aria-current={id === current ? 'page' : undefined}
      >
        <span class="question">{visible(problems.question[row]!)}</span>
        <span class="signs">
          {readingsOf(index, row).map(reading => {
            const belief = beliefAt(index, reading);
            return (
              <span
                key={reading}
                class={`sign ${belief}`}
                title={`${views[readings.view[reading]!]?.id}: ${BELIEFS[belief].word}`}
              >
                {BELIEFS[belief].sign}
              </span>
            );
          })}
        </span>
        <span class="reading text">
          {visible((listed !== undefined && readings.explanation[listed]) || 'says nothing')}
        </span>
        {wanted.sort !== undefined ? (
          <span class="by number">{decimal(score)}</span>
        ) : (
          !problems.answered[row] && <span class="wrong">answer wrong</span>
        )}
      </a>
    </li>
  );
}

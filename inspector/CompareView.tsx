/** Two runs side by side: what each read of the same thoughts, ordered by how far a score of theirs lies apart. */
import { diffArrays } from 'diff';
import { useMemo } from 'preact/hooks';
import type { Problems, RunSummary, Runs } from '../src/inspect/wire.ts';
import { ask } from './answers.ts';
import { BELIEFS } from './belief.ts';
import { decimal, runName, visible } from './format.ts';
import { InSight } from './InSight.tsx';
import { scoreName } from './ProblemList.tsx';
import {
  type Both,
  chosenPairs,
  differenceOf,
  ORDER_NAMES,
  ORDERS,
  PAIR_FILTER_NAMES,
  PAIR_FILTERS,
  type Pair,
  pairsOf,
  wantedPairs,
} from './pairs.ts';
import { beliefAt, indexed } from './problemIndex.ts';
import { go, href, route, withParams } from './route.ts';
import { AnswerView } from './States.tsx';
import { compareSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

/** Height of a pair in pixels, as in style.css. */
const PAIR = 104;

export function CompareView({ runs: { runs } }: { readonly runs: Runs }) {
  const { params } = route.value;
  const runAt = (name: string, otherwise: number) => runs[Number(params.get(name) ?? otherwise)];
  const chosen = [runAt('a', 0), runAt('b', 1)];
  const [a, b] = chosen;
  if (!a || !b)
    return (
      <main id="main">
        <p class="notice">
          Two runs are compared; name them both, as in <code>recodi inspect runs/a runs/b</code>.
        </p>
      </main>
    );
  return (
    <main id="main" class="wide compare">
      <div class="view-head">
        <h2>Compare</h2>
        <RunSelect name="a" label="First run" runs={runs} run={a} />
        <span>with</span>
        <RunSelect name="b" label="Second run" runs={runs} run={b} />
      </div>
      <AnswerView answer={ask<Problems>(`api/runs/${a.index}/problems`).value} what={`readings of ${runName(a)}`}>
        {first => (
          <AnswerView answer={ask<Problems>(`api/runs/${b.index}/problems`).value} what={`readings of ${runName(b)}`}>
            {second => <Pairs runs={[a, b]} first={first} second={second} />}
          </AnswerView>
        )}
      </AnswerView>
    </main>
  );
}

interface RunSelectProps {
  readonly name: 'a' | 'b';
  readonly label: string;
  readonly runs: readonly RunSummary[];
  readonly run: RunSummary;
}

const choose = (changes: Parameters<typeof withParams>[0]) => go(withParams(changes), { replace: true });

const RunSelect = ({ name, label, runs, run }: RunSelectProps) => (
  <select aria-label={label} value={run.index} onChange={event => choose({ [name]: event.currentTarget.value })}>
    {runs.map(other => (
      <option key={other.index} value={other.index}>
        {visible(runName(other))}
      </option>
    ))}
  </select>
);

type TwoRuns = readonly [RunSummary, RunSummary];

interface PairsProps {
  readonly runs: TwoRuns;
  readonly first: Problems;
  readonly second: Problems;
}

function Pairs({ runs, first, second }: PairsProps) {
  const { params } = route.value;
  const indices = useMemo((): Both => [indexed(first), indexed(second)], [first, second]);
  const pairs = useMemo(() => pairsOf(indices), [indices]);
  const wanted = wantedPairs(indices, params);
  const chosen = useMemo(() => chosenPairs(indices, pairs, wanted), [indices, ...Object.values(wanted)]);
  const counts = useMemo(
    () =>
      PAIR_FILTER_NAMES.map(
        name => [name, pairs.filter(pair => PAIR_FILTERS[name].keeps(indices, pair)).length] as const,
      ),
    [indices],
  );
  useSheet(() => compareSheet(runs, indices, chosen, wanted.score));
  if (pairs.length === 0) return <p class="notice">The two runs have labels of no problem and view in common.</p>;
  return (
    <>
      <search class="compare-head">
        <input
          type="search"
          name="q"
          placeholder="Search questions and readings  ( / )"
          aria-label="Search questions and readings"
          value={params.get('q') ?? ''}
          onInput={event => choose({ q: event.currentTarget.value })}
        />
        <select
          aria-label="View"
          class="text"
          value={indices[0].views[wanted.view]?.id ?? ''}
          onChange={event => choose({ view: event.currentTarget.value })}
        >
          <option value="">all views</option>
          {indices[0].views.map(({ id }) => (
            <option key={id} value={id}>
              {visible(id)}
            </option>
          ))}
        </select>
        <select aria-label="Score" value={wanted.score} onChange={event => choose({ sort: event.currentTarget.value })}>
          {Object.keys(first.readings.scores).map(score => (
            <option key={score} value={score}>
              {scoreName(score)}
            </option>
          ))}
        </select>
        <select
          aria-label="Order"
          value={wanted.order}
          onChange={event => choose({ order: event.currentTarget.value })}
        >
          {ORDER_NAMES.map(order => (
            <option key={order} value={order}>
              {ORDERS[order].word}
            </option>
          ))}
        </select>
        <ul class="filters">
          {counts.map(([name, count]) => (
            <li key={name}>
              <a
                href={withParams({ filter: name === 'all' ? undefined : name })}
                aria-current={name === wanted.filter ? 'true' : undefined}
              >
                {PAIR_FILTERS[name].word} <span class="number">{count}</span>
              </a>
            </li>
          ))}
        </ul>
      </search>
      <div class="pair pair-head">
        {runs.map((run, side) => (
          <span key={side}>{visible(runName(run))}</span>
        ))}
        <span class="number" title={`${scoreName(wanted.score)}: the second run's minus the first's`}>
          difference
        </span>
      </div>
      {chosen.length === 0 ? (
        <p class="notice">No pair is left.</p>
      ) : (
        <InSight count={chosen.length} height={PAIR} current={-1}>
          {at => <PairLine key={at} runs={runs} indices={indices} pair={chosen[at]!} score={wanted.score} />}
        </InSight>
      )}
    </>
  );
}

interface PairLineProps {
  readonly runs: TwoRuns;
  readonly indices: Both;
  readonly pair: Pair;
  readonly score: string;
}

function PairLine({ runs, indices, pair, score }: PairLineProps) {
  const texts = indices.map((index, side) => index.readings.explanation[pair.readings[side]!] ?? null);
  const difference = differenceOf(indices, pair, score);
  const sign = difference > 0 ? 'ahead' : 'behind';
  return (
    <li class="pair">
      <p class="question">{visible(indices[0].problems.question[pair.row]!)}</p>
      {([0, 1] as const).map(side => (
        <Side key={side} run={runs[side]} indices={indices} pair={pair} side={side} texts={texts} score={score} />
      ))}
      <span class={`number difference ${difference === 0 ? '' : sign}`}>
        {Number.isNaN(difference) ? '–' : `${difference > 0 ? '+' : ''}${decimal(difference)}`}
      </span>
    </li>
  );
}

interface SideProps extends Omit<PairLineProps, 'runs'> {
  readonly run: RunSummary;
  readonly side: 0 | 1;
  readonly texts: readonly (string | null)[];
}

function Side({ run, indices, pair, side, texts, score }: SideProps) {
  const { problems, readings, views } = indices[side];
  const reading = pair.readings[side];
  const belief = beliefAt(indices[side], reading);
  const view = views[readings.view[reading]!]!.id;
  const right = readings.right[reading];
  const id = indices[0].problems.id[pair.row]!;
  const row = indices[side].rowOf.get(id)!;
  return (
    <div class="side">
      <a class="text" href={href(`${run.index}/problems/${encodeURIComponent(id)}`, { step: view })}>
        <Differing text={texts[side] ?? null} other={texts[1 - side] ?? null} />
      </a>
      <p class="note">
        <span class={`belief ${belief}`}>
          <span aria-hidden="true">{BELIEFS[belief].sign}</span> {BELIEFS[belief].word}
        </span>
        {right !== null && ` · ${readings.exact[reading] ? '✓ the step' : right ? '✓ the result' : '✕ not this step'}`}
        {!problems.answered[row] && ' · answer wrong'} · {decimal(readings.scores[score]?.[reading])}{' '}
        <span class="text">{visible(view)}</span>
      </p>
    </div>
  );
}

/** A text with the words set apart that the other has not in their places. */
function Differing({ text, other }: { readonly text: string | null; readonly other: string | null }) {
  if (text === null) return <span class="unknown">says nothing</span>;
  const [own, theirs] = [text, other ?? ''].map(words => words.split(' '));
  const parts = diffArrays(theirs!, own!).filter(({ removed }) => !removed);
  return (
    <>
      {parts.map(({ value, added }, index) => {
        const words = visible(value.join(' '));
        return (
          <span key={index}>
            {index > 0 && ' '}
            {added && other !== null ? <mark>{words}</mark> : words}
          </span>
        );
      })}
    </>
  );
}

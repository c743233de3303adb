/** The thoughts of a run as points of a plane, in groups by what is known of them, and the states of their texts beside them. */
import { useMemo, useState } from 'preact/hooks';
import type { MapAnswer, Problems } from '../src/inspect/wire.ts';
import { ask, isReport } from './answers.ts';
import { BELIEFS } from './belief.ts';
import { percent, visible } from './format.ts';
import { MapCanvas, type MapPoint } from './MapCanvas.tsx';
import { COLOURING_NAMES, COLOURINGS, type Colouring, type Grouping } from './mapGroups.ts';
import { markOf } from './marks.ts';
import { beliefAt, indexed, type ProblemIndex, readingsOf } from './problemIndex.ts';
import { go, href, route, withParams } from './route.ts';
import { AnswerView, Message } from './States.tsx';
import { mapSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

const METHODS = { pca: 'principal components', umap: 'UMAP' } as const;

export function MapView() {
  const { run } = route.value;
  return (
    <AnswerView answer={ask<Problems>(`api/runs/${run}/problems`).value} what="readings" whole>
      {problems => <Thoughts problems={problems} />}
    </AnswerView>
  );
}

function Thoughts({ problems }: { readonly problems: Problems }) {
  const { run, params } = route.value;
  const index = useMemo(() => indexed(problems), [problems]);
  const view = index.views.find(({ id }) => id === params.get('view'))?.id;
  const method = params.get('method') === 'umap' && !isReport ? 'umap' : 'pca';
  const colouring = COLOURING_NAMES.find(name => name === params.get('colour')) ?? 'result';
  const grouping = useMemo(() => COLOURINGS[colouring].group(index), [index, colouring]);
  const hidden = new Set((params.get('hide') ?? '').split('.').filter(Boolean).map(Number));
  const path = `api/runs/${run}/map/${method}${view === undefined ? '' : `/${encodeURIComponent(view)}`}`;
  const answer = ask<MapAnswer>(path).value;
  const map = answer.state === 'here' ? answer.value : undefined;
  const all = useMemo(() => (map ? pointsOf(map, index, grouping) : []), [map, index, grouping]);
  const points = useMemo(() => all.filter(({ group }) => !hidden.has(group)), [all, params.get('hide')]);
  return (
    <div class="curves map">
      <aside>
        <h2>Map</h2>
        <Choices index={index} view={view} method={method} colouring={colouring} map={map} />
        <Legend grouping={grouping} points={all} hidden={hidden} />
      </aside>
      <main id="main">
        <AnswerView
          answer={answer}
          what={method === 'umap' ? 'the map; UMAP takes seconds for each thousand thoughts' : 'the map'}
        >
          {found => <Plane map={found} index={index} grouping={grouping} all={all} points={points} />}
        </AnswerView>
      </main>
    </div>
  );
}

/** The points of a map, each with the reading that it stands for; one that the index does not know is left out. */
function pointsOf({ problem, view, targets, texts }: MapAnswer, index: ProblemIndex, grouping: Grouping): MapPoint[] {
  const readings = new Map<string, number>();
  index.problems.id.forEach((id, row) => {
    for (const reading of readingsOf(index, row))
      readings.set(JSON.stringify([id, index.views[index.readings.view[reading]!]!.id]), reading);
  });
  return problem.flatMap((id, i) => {
    const reading = readings.get(JSON.stringify([id, view[i]]));
    if (reading === undefined) return [];
    const text = texts && index.readings.explanation[reading] !== null ? { x: texts.x[i]!, y: texts.y[i]! } : undefined;
    return [{ x: targets.x[i]!, y: targets.y[i]!, text, reading, group: grouping.of[reading]! }];
  });
}

interface ChoicesProps {
  readonly index: ProblemIndex;
  readonly view: string | undefined;
  readonly method: keyof typeof METHODS;
  readonly colouring: Colouring;
  readonly map: MapAnswer | undefined;
}

function Choices({ index, view, method, colouring, map }: ChoicesProps) {
  const choose = (changes: Parameters<typeof withParams>[0]) => go(withParams(changes), { replace: true });
  const withTexts = map?.texts != null;
  return (
    <fieldset class="choices">
      <legend>Show</legend>
      <label>
        thoughts
        <select
          class="text"
          value={view ?? ''}
          onChange={event => choose({ view: event.currentTarget.value, hide: undefined })}
        >
          <option value="">of all views</option>
          {index.views.map(({ id, described }) => (
            <option key={id} value={id} title={described}>
              {visible(id)}
            </option>
          ))}
        </select>
      </label>
      {!isReport && (
        <label>
          by
          <select value={method} onChange={event => choose({ method: event.currentTarget.value })}>
            {Object.entries(METHODS).map(([name, word]) => (
              <option key={name} value={name}>
                {word}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        coloured by
        <select value={colouring} onChange={event => choose({ colour: event.currentTarget.value, hide: undefined })}>
          {COLOURING_NAMES.map(name => (
            <option key={name} value={name}>
              {COLOURINGS[name].word}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          disabled={!withTexts}
          checked={withTexts && route.value.params.get('texts') === '1'}
          onChange={event => choose({ texts: event.currentTarget.checked ? '1' : undefined })}
        />
        the states of their texts
      </label>
      {map && !withTexts && (
        <p class="note">
          <Message
            text={
              method === 'umap'
                ? 'UMAP places no texts: its plane has no axes.'
                : 'These labels hold no states of texts; `recodi label` writes them.'
            }
          />
        </p>
      )}
    </fieldset>
  );
}

interface LegendProps {
  readonly grouping: Grouping;
  readonly points: readonly MapPoint[];
  readonly hidden: ReadonlySet<number>;
}

/** What the marks stand for; a group is taken out and put back by its button. */
function Legend({ grouping: { names, ordered }, points, hidden }: LegendProps) {
  const counts = new Uint32Array(names.length);
  for (const { group } of points) counts[group]!++;
  const hide = (groups: Iterable<number>) => go(withParams({ hide: [...groups].join('.') }), { replace: true });
  return (
    <fieldset>
      <legend>Marks</legend>
      <ul class="marks">
        {names.map((name, group) => {
          if (counts[group] === 0) return null;
          const shown = !hidden.has(group);
          return (
            <li key={group}>
              <button
                type="button"
                aria-pressed={shown}
                onClick={() => hide(shown ? [...hidden, group] : [...hidden].filter(other => other !== group))}
              >
                <Swatch group={group} ordered={ordered} />
                <span>{visible(name)}</span>
                <span class="number">{counts[group]}</span>
              </button>
              <button
                type="button"
                class="only"
                aria-label={`only ${visible(name)}`}
                onClick={() => hide([...names.keys()].filter(other => other !== group))}
              >
                only
              </button>
            </li>
          );
        })}
      </ul>
      {hidden.size > 0 && (
        <button type="button" class="toggle" onClick={() => hide([])}>
          Show all
        </button>
      )}
    </fieldset>
  );
}

function Swatch({ group, ordered }: { readonly group: number; readonly ordered: boolean }) {
  const { path, colour } = markOf(group, ordered);
  return (
    <svg class="mark" viewBox="-1.4 -1.4 2.8 2.8" aria-hidden="true">
      <path d={path} style={{ fill: `var(${colour})` }} />
    </svg>
  );
}

interface PlaneProps {
  readonly map: MapAnswer;
  readonly index: ProblemIndex;
  readonly grouping: Grouping;
  readonly all: readonly MapPoint[];
  readonly points: readonly MapPoint[];
}

function Plane({ map, index, grouping, all, points }: PlaneProps) {
  const { run, params } = route.value;
  const [pointed, setPointed] = useState<MapPoint>();
  const { problems, readings, views } = index;
  const rowOf = useMemo(() => rowsOf(index), [index]);
  const idOf = ({ reading }: MapPoint) => problems.id[rowOf[reading]!]!;
  const viewOf = ({ reading }: MapPoint) => views[readings.view[reading]!]!.id;
  const chosen = points.find(point => idOf(point) === params.get('problem') && viewOf(point) === params.get('step'));
  const shown = pointed ?? chosen;
  useSheet(() => mapSheet(index, rowOf, points, grouping.names));
  const open = (point: MapPoint) => href(`${run}/problems/${encodeURIComponent(idOf(point))}`, { step: viewOf(point) });
  return (
    <>
      <p class="note">
        {map.explained
          ? `Across: ${percent(map.explained[0])} % of the variance; up: ${percent(map.explained[1])} %.`
          : 'Neighbours stay neighbours; distances between groups say little.'}{' '}
        {points.length === all.length ? `${all.length} thoughts` : `${points.length} of ${all.length} thoughts`}.
      </p>
      <MapCanvas
        points={points}
        all={all}
        ordered={grouping.ordered}
        texts={params.get('texts') === '1' && map.texts !== null}
        chosen={shown}
        label={`Map of ${points.length} thoughts. Arrow keys go from one to the next, Enter opens it, plus and minus change the size.`}
        describedBy="pointed"
        onPoint={setPointed}
        onChoose={point => {
          setPointed(undefined);
          go(withParams({ problem: idOf(point), step: viewOf(point) }), { replace: true });
        }}
        onOpen={point => go(open(point))}
      />
      <div id="pointed" class="pointed" role="status">
        {shown ? (
          <Pointed index={index} point={shown} row={rowOf[shown.reading]!} to={open(shown)} />
        ) : (
          <p class="note">
            Point at a thought, or go from one to the next by the arrow keys; a click or Enter opens its problem.
          </p>
        )}
      </div>
    </>
  );
}

/** The row of each reading. */
function rowsOf({ starts, problems, readings }: ProblemIndex): Uint32Array {
  const rows = new Uint32Array(readings.view.length);
  for (const row of problems.id.keys()) rows.fill(row, starts[row], starts[row + 1]);
  return rows;
}

interface PointedProps {
  readonly index: ProblemIndex;
  readonly point: MapPoint;
  readonly row: number;
  readonly to: string;
}

function Pointed({ index, point: { reading }, row, to }: PointedProps) {
  const belief = beliefAt(index, reading);
  const { problems, readings, views } = index;
  return (
    <>
      <p>
        <a class="thought" href={to}>
          {visible(readings.explanation[reading] ?? 'says nothing')}
        </a>{' '}
        <span class={`belief ${belief}`}>
          <span aria-hidden="true">{BELIEFS[belief].sign}</span> {BELIEFS[belief].word}
        </span>
      </p>
      <p>{visible(problems.question[row]!)}</p>
      <p class="note">
        <span class="text">{visible(views[readings.view[reading]!]!.id)}</span>
        {readings.result[reading] !== null && `, gold result ${visible(readings.result[reading]!)}`}
      </p>
    </>
  );
}

/** What the policy wrote while it trained: the texts of one update, or those for one problem over all of them. */
import { useMemo } from 'preact/hooks';
import type { Sample, Samples } from '../src/inspect/wire.ts';
import { ask } from './answers.ts';
import { type Range, ScoreBar } from './Bars.tsx';
import { decimal, visible } from './format.ts';
import { useKeys } from './keys.ts';
import { go, href, route, withParams } from './route.ts';
import { ScrolledTable } from './ScrolledTable.tsx';
import { AnswerView } from './States.tsx';
import { samplesSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

/** Those that say how well a text reads; the rest of samples.jsonl follows from them. */
const SCORES = ['reward', 'similarity', 'gap', 'fve', 'lift_empty'] as const;
const RANGE: Range = { from: -1, to: 1 };

export function SamplesView() {
  const { run } = route.value;
  return (
    <AnswerView answer={ask<Samples>(`api/runs/${run}/samples`).value} what="samples" whole>
      {({ samples }) => <Shown samples={samples} />}
    </AnswerView>
  );
}

function Shown({ samples }: Samples) {
  const { params, run } = route.value;
  const problem = params.get('problem');
  const updates = useMemo(() => [...new Set(samples.map(({ update }) => update))].sort((a, b) => a - b), [samples]);
  const asked = updates.indexOf(Number(params.get('update')));
  const at = asked < 0 ? updates.length - 1 : asked;
  const move = (to: number) => {
    const update = updates[to];
    if (update !== undefined && problem === null) go(withParams({ update: String(update) }), { replace: true });
  };
  useKeys({ ArrowLeft: () => move(at - 1), ArrowRight: () => move(at + 1) });
  const rows = samples.filter(row => (problem === null ? row.update === updates[at] : row.problem === problem));
  useSheet(() => samplesSheet(rows));
  return (
    <main id="main" class="wide">
      <div class="view-head">
        <h2>Samples</h2>
        {problem === null ? (
          <label class="slider">
            <span class="number">
              update {updates[at] ?? '–'} of {updates.at(-1) ?? '–'}
            </span>
            <input
              type="range"
              min={0}
              max={updates.length - 1}
              value={at}
              onInput={event => move(event.currentTarget.valueAsNumber)}
            />
            <kbd>←</kbd> <kbd>→</kbd>
          </label>
        ) : (
          <p class="note">
            one problem over all updates; <a href={href(`${run}/samples`)}>all problems of the last update</a>
          </p>
        )}
      </div>
      {rows.length === 0 ? <p class="notice">No sample was written yet.</p> : <Rows rows={rows} />}
    </main>
  );
}

function Rows({ rows }: { readonly rows: readonly Sample[] }) {
  const { run } = route.value;
  const scores = SCORES.filter(name => rows.some(row => row.scores[name] != null));
  return (
    <ScrolledTable label="Samples">
      <table class="grid samples">
        <thead>
          <tr>
            <th scope="col" class="number">
              update
            </th>
            <th scope="col">thought</th>
            <th scope="col">text</th>
            {scores.map(name => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ update, problem, view, question, text, scores: own }) => (
            <tr key={`${update} ${problem} ${view} ${text}`}>
              <td class="number">{update}</td>
              <td class="thought-of">
                <span class="text">{visible(view)}</span>
                <a href={href(`${run}/samples`, { problem })}>{visible(question)}</a>
              </td>
              <td class="text">{visible(text)}</td>
              {scores.map(name => (
                <td key={name} class="score">
                  <span class="number">{decimal(own[name])}</span>
                  {own[name] != null && <ScoreBar value={own[name]} range={RANGE} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrolledTable>
  );
}

/** The heart: a question, the chain of thoughts about it as a strip of cards, and the answer. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Label, ProblemAnswer, Problems } from '../src/inspect/wire.ts';
import { Answers } from './Answers.tsx';
import { AskOracle } from './AskOracle.tsx';
import { ask } from './answers.ts';
import { canCompute } from './computing.ts';
import { visible } from './format.ts';
import { useKeys } from './keys.ts';
import { OwnText } from './OwnText.tsx';
import { ProblemList } from './ProblemList.tsx';
import { chosenRows, indexed, wantedOf } from './problemIndex.ts';
import { go, href, type Route, route, withParams } from './route.ts';
import { AnswerView } from './States.tsx';
import { readingsSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';
import { ThoughtCard } from './ThoughtCard.tsx';
import { ThoughtDetails } from './ThoughtDetails.tsx';

const problemsPath = (run: number) => `api/runs/${run}/problems`;
const problemPath = (run: number, id: string) => `${problemsPath(run)}/${encodeURIComponent(id)}`;

/** Asks for what the address will show before it is known what runs there are. */
export function askAhead({ view, run, problem }: Route): void {
  if (view !== 'home' && view !== 'problems') return;
  ask(problemsPath(run));
  if (problem !== undefined) ask(problemPath(run, problem));
}

export function ProblemsView() {
  const { run } = route.value;
  return (
    <AnswerView answer={ask<Problems>(problemsPath(run)).value} what="readings" whole>
      {problems => <Reader problems={problems} />}
    </AnswerView>
  );
}

function Reader({ problems }: { readonly problems: Problems }) {
  const { run, problem, params } = route.value;
  const index = useMemo(() => indexed(problems), [problems]);
  const wanted = wantedOf(index, params);
  const chosen = useMemo(() => chosenRows(index, wanted), [index, ...Object.values(wanted)]);
  const current = problem ?? index.problems.id[chosen[0] ?? -1];
  const at = current === undefined ? -1 : chosen.indexOf(index.rowOf.get(current) ?? -1);
  const neighbours = [chosen[at - 1], chosen[at + 1]].map(row =>
    row === undefined ? undefined : index.problems.id[row],
  );
  const [previous, next] = neighbours.map(
    id => id !== undefined && href(`${run}/problems/${encodeURIComponent(id)}`, { own: undefined }, params),
  );
  useSheet(() => {
    const shown = current === undefined ? undefined : ask<ProblemAnswer>(problemPath(run, current)).peek();
    const labels = shown?.state === 'here' ? shown.value.labels : undefined;
    return readingsSheet(index, chosen, labels, params.get('gold') === '1');
  });
  useKeys({ j: () => next && go(next), k: () => previous && go(previous) });
  useEffect(() => {
    for (const id of neighbours) if (id !== undefined) ask(problemPath(run, id));
  });
  return (
    <div class="reader">
      <ProblemList index={index} wanted={wanted} chosen={chosen} current={current} />
      <main id="main">
        {current === undefined ? (
          <p class="notice">Choose a problem on the left.</p>
        ) : (
          <Problem run={run} id={current}>
            <nav class="pager" aria-label="Next and previous problem">
              <span class="number">{at < 0 ? 'not in this filter' : `${at + 1} of ${chosen.length}`}</span>
              <PagerLink to={previous} words="previous" letter="k" />
              <PagerLink to={next} words="next" letter="j" />
            </nav>
          </Problem>
        )}
      </main>
    </div>
  );
}

function PagerLink({ to, words, letter }: { to: string | false | undefined; words: string; letter: string }) {
  const text = (
    <>
      {words} <kbd>{letter}</kbd>
    </>
  );
  return to ? <a href={to}>{text}</a> : <span class="off">{text}</span>;
}

interface ProblemProps {
  readonly run: number;
  readonly id: string;
  readonly children: preact.ComponentChildren;
}

function Problem({ run, id, children }: ProblemProps) {
  const answer = ask<ProblemAnswer>(problemPath(run, id)).value;
  const shown = useRef(answer);
  // Until the next problem is here the last one stays, so that nothing jumps.
  if (answer.state !== 'asked') shown.current = answer;
  return (
    <AnswerView answer={shown.current} what="readings of this problem">
      {problem => (
        <article>
          <Question label={problem.labels[0]!}>{children}</Question>
          <Thoughts problem={problem} />
        </article>
      )}
    </AnswerView>
  );
}

function Question({ label, children }: { readonly label: Label; readonly children: preact.ComponentChildren }) {
  return (
    <header class="question">
      <div class="place">
        <span>
          problem <span class="text">{visible(label.problem)}</span>, {label.split} split
        </span>
        {children}
      </div>
      <h2>{visible(label.question)}</h2>
      {canCompute && (
        <p class="note">
          <a href={href(`${route.value.run}/try`, { q: label.question })}>Ask this again, with another number</a>
        </p>
      )}
    </header>
  );
}

function Thoughts({ problem }: { readonly problem: ProblemAnswer }) {
  const { labels, described, gapFloor } = problem;
  const { params, run } = route.value;
  const goldShown = params.get('gold') === '1';
  const selected = Math.max(
    0,
    labels.findIndex(({ view }) => view === params.get('step')),
  );
  const step = (by: number) => {
    const to = labels[selected + by];
    if (to) go(withParams({ step: to.view }), { replace: true });
  };
  const toggled = withParams({ gold: goldShown ? undefined : '1' });
  useKeys({
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    g: () => go(toggled, { replace: true }),
  });
  return (
    <>
      <div class="strip-head">
        <h3>What it thought</h3>
        <p class="legend">
          <span class="word read">read</span> in the thought
          <span class="word unread">guessed</span> by the language
          <span class="word given">given</span> by the grammar
        </p>
        <button type="button" class="toggle" onClick={() => go(toggled, { replace: true })} aria-pressed={goldShown}>
          {goldShown ? 'Hide' : 'Show'} gold <kbd>g</kbd>
        </button>
      </div>
      <ol class="strip">
        {labels.map((label, index) => (
          <ThoughtCard
            key={label.view}
            label={label}
            described={described[label.view] ?? ''}
            selected={index === selected}
            goldShown={goldShown}
            gapFloor={gapFloor}
            to={withParams({ step: label.view })}
          />
        ))}
        <AnswerCard problem={problem} goldShown={goldShown} />
      </ol>
      <OwnText run={run} thought={labels[selected]!} of={{ problem: labels[selected]!.problem }} />
      <AskOracle run={run} thought={labels[selected]!} />
      <ThoughtDetails label={labels[selected]!} />
    </>
  );
}

/** The end of the strip: what the model answers, and what the readings in the latents' place make it answer. */
function AnswerCard({ problem, goldShown }: { readonly problem: ProblemAnswer; readonly goldShown: boolean }) {
  const [first] = problem.labels as [Label, ...Label[]];
  const { gold, answer } = first;
  return (
    <li class="card answer">
      <header>
        <h3>answer</h3>
        <p class="belief">{goldShown && (gold.answered ? '✓ right' : '✕ wrong')}</p>
      </header>
      <p class="described">with its latents</p>
      <p class="thought">{visible(problem.answer ?? answer.latent)}</p>
      <Answers thoughts={problem.labels} />
      <div class={goldShown ? 'gold shown' : 'gold'}>
        {goldShown ? (
          <>
            gold <span class="text">{visible(gold.answer)}</span>
            <ol class="chain">
              {gold.steps.map((step, index) => (
                <li key={index} class="text">
                  {visible(step.text)}
                </li>
              ))}
            </ol>
          </>
        ) : (
          'gold answer hidden'
        )}
      </div>
    </li>
  );
}

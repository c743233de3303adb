/** A question of one's own: the model thinks, its thoughts are read step by step, and again with a number of the question edited. */
import { useSignal } from '@preact/signals';
import type { Side, TryExamples, TryRequest } from '../src/inspect/wire.ts';
import { Answers } from './Answers.tsx';
import { ask } from './answers.ts';
import { type Attempt, type ReadThought, type Tried, useAttempt } from './attempt.ts';
import { canCompute } from './computing.ts';
import { stepsName, visible } from './format.ts';
import { useKeys } from './keys.ts';
import { OwnText } from './OwnText.tsx';
import { Progress } from './Progress.tsx';
import { Changed, EditedQuestion, type NumberEdit, readEdit } from './Question.tsx';
import { go, href, route, withParams } from './route.ts';
import { AnswerView, Message } from './States.tsx';
import { trySheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';
import { ThoughtCard } from './ThoughtCard.tsx';
import { ThoughtDetails } from './ThoughtDetails.tsx';
import './try.css';

export function TryView() {
  const { run } = route.value;
  if (!canCompute)
    return (
      <main id="main" class="wide">
        <p class="notice refused">
          <strong>A report computes nothing.</strong> To try a question open the run itself by{' '}
          <code>recodi inspect RUN</code>.
        </p>
      </main>
    );
  return (
    <AnswerView answer={ask<TryExamples>(`api/runs/${run}/try`).value} what="questions to try" whole>
      {({ questions }) => <Trying run={run} examples={questions} />}
    </AnswerView>
  );
}

const asking = (run: number, question: string) => href(`${run}/try`, { q: question });

function Trying({ run, examples }: { readonly run: number; readonly examples: readonly string[] }) {
  const { params } = route.value;
  const question = params.get('q') ?? '';
  const draft = params.get('draft') ?? question;
  const times = useSignal(0);
  const submit = () => {
    if (draft.trim() === '') return;
    times.value += 1;
    go(asking(run, draft));
  };
  return (
    <main id="main" class="wide try">
      <form
        class="ask"
        onSubmit={event => {
          event.preventDefault();
          submit();
        }}
      >
        <label for="question">Ask the model a question</label>
        <div class="field">
          <textarea
            id="question"
            rows={2}
            maxLength={2000}
            spellcheck={false}
            value={draft}
            onInput={event => go(withParams({ draft: event.currentTarget.value }), { replace: true })}
            onKeyDown={event => {
              if (event.key !== 'Enter' || event.shiftKey) return;
              event.preventDefault();
              submit();
            }}
          />
          <button type="submit" class="action primary" disabled={draft.trim() === ''}>
            Think
          </button>
        </div>
      </form>
      {question === '' ? (
        <Beginning run={run} examples={examples} />
      ) : (
        <Attempted key={`${times.value} ${question}`} run={run} question={question} />
      )}
    </main>
  );
}

/** Before anything was asked. */
function Beginning({ run, examples }: { readonly run: number; readonly examples: readonly string[] }) {
  return (
    <section class="beginning">
      <p class="note">
        The model thinks about it, and each of its thoughts is read as <code>recodi invert</code> does. It knows the
        words of its own world only{examples.length > 0 && '; these are questions that it was not trained on'}:
      </p>
      <ul>
        {examples.map(example => (
          <li key={example}>
            <a href={asking(run, example)}>{visible(example)}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Attempted({ run, question }: { readonly run: number; readonly question: string }) {
  const { params } = route.value;
  const edit = readEdit(params.get('edit'));
  const request: TryRequest = { question, ...(edit && { edit }) };
  const attempt = useAttempt(run, request);
  const { state, stage, message, seconds, sides, cancel, again } = attempt;
  return (
    <>
      <div class="status" aria-live="polite">
        {state === 'running' && (
          <>
            <Progress stage={stage} />
            <button type="button" class="action" onClick={cancel}>
              Cancel
            </button>
          </>
        )}
        {state === 'done' && <p class="note">Thought and read in {seconds?.toFixed(1)} s.</p>}
        {(state === 'cancelled' || state === 'refused') && (
          <p class="refused">
            {state === 'cancelled' ? 'Cancelled.' : <Message text={message ?? ''} />}{' '}
            <button type="button" class="action" onClick={again}>
              Try again
            </button>
            {edit && <a href={withParams({ edit: undefined, side: undefined })}>Leave the question as it was</a>}
          </p>
        )}
      </div>
      {sides.asked && <Thoughts run={run} attempt={attempt} asked={sides.asked} edit={edit} />}
    </>
  );
}

interface ThoughtsProps {
  readonly run: number;
  readonly attempt: Attempt;
  readonly asked: Tried;
  readonly edit: NumberEdit | undefined;
}

function Thoughts({ run, attempt, asked, edit }: ThoughtsProps) {
  const { params } = route.value;
  const edited = edit && attempt.sides.edited;
  const side: Side = edited && params.get('side') === 'edited' ? 'edited' : 'asked';
  const shown = side === 'edited' && edited ? edited : asked;
  const selected = Math.max(
    0,
    asked.views.findIndex(({ view }) => view === params.get('step')),
  );
  const step = (by: number) => {
    const to = asked.views[selected + by];
    if (to) go(withParams({ step: to.view }), { replace: true });
  };
  useKeys({ ArrowRight: () => step(1), ArrowLeft: () => step(-1) });
  useSheet(() => trySheet(asked, edited));
  const thought = shown.read[asked.views[selected]?.view ?? '']?.thought;
  const cards = { asked, selected, gapFloor: asked.gapFloor };
  return (
    <article>
      <header class="question">
        <EditedQuestion question={asked.question} numbers={asked.numbers} edit={edit} />
        <p class="note">Another number in its place: the model thinks again, and both readings stand side by side.</p>
      </header>
      <div class="strip-head">
        <h3>What it thought</h3>
        <p class="legend">
          <span class="word read">read</span> in the thought
          <span class="word unread">guessed</span> by the language
          <span class="word given">given</span> by the grammar
        </p>
      </div>
      {edit ? (
        <Beside {...cards} edited={edited} attempt={attempt} side={side} />
      ) : (
        <ol class="strip">
          {asked.views.map((view, index) => (
            <Card key={view.view} {...cards} index={index} tried={asked} side="asked" chosen={index === selected} />
          ))}
          <li class="card answer">
            <header>
              <h3>answer</h3>
            </header>
            <p class="described">with its latents</p>
            <p class="thought">{visible(asked.answer)}</p>
            <Answers thoughts={Object.values(asked.read).map(read => read.thought)} />
          </li>
        </ol>
      )}
      {thought && (
        <>
          <OwnText run={run} thought={thought} of={{ question: shown.question }} />
          <ThoughtDetails label={thought} />
        </>
      )}
    </article>
  );
}

interface CardProps {
  readonly asked: Tried;
  readonly index: number;
  readonly tried: Tried | undefined;
  readonly side: Side;
  readonly chosen: boolean;
  readonly gapFloor: number;
}

/** A thought's card, or its place while it is not read. */
function Card({ asked, index, tried, side, chosen, gapFloor }: CardProps) {
  const { view, steps, described } = asked.views[index]!;
  const read: ReadThought | undefined = tried?.read[view];
  if (!read)
    return (
      <li class="card pending">
        <header>
          <h3>{stepsName(steps)}</h3>
        </header>
        <p class="described">not read yet</p>
      </li>
    );
  const { thought, followed } = read;
  return (
    <ThoughtCard
      label={thought}
      described={described}
      selected={chosen}
      gapFloor={gapFloor}
      to={withParams({ step: view, side: side === 'edited' ? side : undefined })}
      before={side === 'edited' ? asked.read[view]?.thought : undefined}
    >
      {side === 'edited' && (
        <p class="gold shown">
          {followed ? (
            <>
              {followed.changes ? 'predicted' : 'predicted to stay'}{' '}
              <span class="text">{visible(followed.predicted)}</span>{' '}
              <span class={followed.follows ? 'hit' : 'miss'}>
                {followed.follows ? '✓ follows' : '✕ does not follow'}
              </span>
            </>
          ) : (
            'the reading before predicts nothing of this one'
          )}
        </p>
      )}
    </ThoughtCard>
  );
}

interface BesideProps {
  readonly asked: Tried;
  readonly edited: Tried | undefined;
  readonly attempt: Attempt;
  readonly selected: number;
  readonly side: Side;
  readonly gapFloor: number;
}

/** Both readings, view by view. */
function Beside({ asked, edited, attempt, selected, side, gapFloor }: BesideProps) {
  const sides = [
    ['asked', asked],
    ['edited', edited],
  ] as const;
  return (
    <div class="beside">
      <section aria-label="as it was asked">
        <h4>As it was asked</h4>
        <p>{visible(asked.question)}</p>
        <p class="answer">
          answer <span class="text">{visible(asked.answer)}</span>
        </p>
      </section>
      <section aria-label="edited">
        <h4>Edited</h4>
        {edited ? (
          <>
            <p>
              <Changed before={asked.question} after={edited.question} />
            </p>
            <p class="answer">
              answer <span class="text">{visible(edited.answer)}</span>{' '}
              <Followed before={asked.answer} after={edited.answer} answered={attempt.answered} />
            </p>
          </>
        ) : (
          <p class="note">not thought about yet</p>
        )}
      </section>
      {asked.views.map((view, index) => (
        <ol key={view.view} class="both">
          {sides.map(([name, tried]) => (
            <Card
              key={name}
              asked={asked}
              index={index}
              tried={tried}
              side={name}
              chosen={index === selected && name === side}
              gapFloor={gapFloor}
            />
          ))}
        </ol>
      ))}
    </div>
  );
}

interface FollowedProps {
  readonly before: string;
  readonly after: string;
  readonly answered: Attempt['answered'];
}

/** Whether the answer is the one that the readings before predict. */
function Followed({ before, after, answered }: FollowedProps) {
  const changed = before === after ? 'as before' : `was ${visible(before)}`;
  if (!answered) return <>({changed})</>;
  if (answered.predicted === null) return <>({changed}; no reading tells what it should become)</>;
  return (
    <>
      ({changed}){' '}
      <span class={answered.follows ? 'hit' : 'miss'}>
        {answered.follows ? '✓ follows' : '✕ does not follow'}: the readings predict {visible(answered.predicted)}
      </span>
    </>
  );
}

/** Questions to the run's oracle about a step's thought: each answer as it comes, beside the one about another problem's thought. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { AskRequest, JobEvent, Label, OracleAnswer, Told } from '../src/inspect/wire.ts';
import { ask } from './answers.ts';
import type { Stage } from './attempt.ts';
import { canCompute, compute } from './computing.ts';
import { stepsName, visible } from './format.ts';
import { Progress } from './Progress.tsx';
import { go, route, withParams } from './route.ts';
import { Message } from './States.tsx';
import { Text } from './ThoughtDetails.tsx';

const SUGGESTED = [
  'What is the model thinking about at this step ?',
  'Which numbers is it combining ?',
  'What will it do with this result ?',
];

interface AskOracleProps {
  readonly run: number;
  readonly thought: Label;
}

/** Nothing where the run has no oracle, or nobody can be asked. */
export function AskOracle({ run, thought }: AskOracleProps) {
  if (!canCompute) return null;
  const answer = ask<OracleAnswer>(`api/runs/${run}/oracle`).value;
  if (answer.state !== 'here' || answer.value.oracle === null) return null;
  return (
    <Questions key={`${thought.problem} ${thought.view}`} run={run} thought={thought} oracle={answer.value.oracle} />
  );
}

function Questions({ run, thought, oracle }: AskOracleProps & { readonly oracle: string }) {
  const asked = useSignal<readonly string[]>([]);
  const draft = route.value.params.get('ask') ?? '';
  const put = (question: string) => {
    if (question.trim() !== '') asked.value = [...asked.value, question];
  };
  const { problem, steps } = thought;
  return (
    <section class="ask-oracle" aria-label="Ask the oracle">
      <h3>
        <label for="ask-oracle">Ask the oracle about {stepsName(steps)}</label>
      </h3>
      <p class="note">
        <span class="text">{visible(oracle)}</span> is shown this thought and answers; beside it what it answers when it
        is shown another problem's thought. In a vocabulary of words a word is what lies between spaces.
      </p>
      <form
        class="field"
        onSubmit={event => {
          event.preventDefault();
          put(draft);
        }}
      >
        <input
          id="ask-oracle"
          class="text"
          type="text"
          maxLength={500}
          autocomplete="off"
          spellcheck={false}
          value={draft}
          onInput={event => go(withParams({ ask: event.currentTarget.value }), { replace: true })}
        />
        <button type="submit" class="action primary" disabled={draft.trim() === ''}>
          Ask
        </button>
      </form>
      <ul class="suggested" aria-label="Suggested questions">
        {SUGGESTED.map(question => (
          <li key={question}>
            <button type="button" class="action" onClick={() => put(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
      <ol class="told" aria-live="polite" aria-label="Answers, the latest first">
        {asked.value
          .map((question, index) => (
            <Exchange key={index} run={run} request={{ problem, steps: [...steps], question }} />
          ))
          .reverse()}
      </ol>
    </section>
  );
}

interface Heard {
  readonly stage?: Stage;
  readonly told?: Told;
  readonly message?: string;
}

interface ExchangeProps {
  readonly run: number;
  readonly request: AskRequest;
}

/** A question, and what was heard of it. Who leaves cancels. */
function Exchange({ run, request }: ExchangeProps) {
  const heard = useSignal<Heard>({});
  const ending = useRef(new AbortController());
  useEffect(() => {
    const { signal } = ending.current;
    const hear = (event: JobEvent) => {
      if (event.event === 'stage') heard.value = { stage: event };
      if (event.event === 'told') heard.value = { told: event };
      if (event.event === 'refused') heard.value = { message: event.error.message };
    };
    void compute(`api/runs/${run}/ask`, request, { signal, hear });
    return () => ending.current.abort();
  }, []);
  const cancel = () => {
    ending.current.abort();
    heard.value = { message: 'Cancelled.' };
  };
  const { stage, told, message } = heard.value;
  return (
    <li aria-busy={!told && message === undefined}>
      <h4>{visible(request.question)}</h4>
      {told ? (
        <Answer told={told} />
      ) : message !== undefined ? (
        <p class="refused">
          <Message text={message} />
        </p>
      ) : (
        <div class="status">
          <Progress stage={stage} />
          <button type="button" class="action" onClick={cancel}>
            Cancel
          </button>
        </div>
      )}
    </li>
  );
}

function Answer({ told: { answer, shuffled } }: { readonly told: Told }) {
  return (
    <>
      <dl>
        <dt>about this thought</dt>
        <dd>
          <Text text={answer} />
        </dd>
        <dt>
          about that of <span class="text">{visible(shuffled.problem)}</span>
        </dt>
        <dd>
          <Text text={shuffled.answer} />
        </dd>
      </dl>
      {answer === shuffled.answer && (
        <p class="note">The same is answered about another thought: it says nothing of this one.</p>
      )}
    </>
  );
}

/** A text of one's own for a thought: what it would be worth as a reading, beside what was read, against the same floors. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { JobEvent, OwnScore, ScoreRequest, Thought } from '../src/inspect/wire.ts';
import type { Stage } from './attempt.ts';
import { ScoreBar } from './Bars.tsx';
import { signOf } from './belief.ts';
import { canCompute, compute } from './computing.ts';
import { decimal, stepsName, visible } from './format.ts';
import { Progress } from './Progress.tsx';
import { go, route, withParams } from './route.ts';
import { Message } from './States.tsx';
import { CONTROL_NAMES, CONTROLS, Completion, FVE, SIMILARITY, Words } from './ThoughtCard.tsx';
import { Part, Score, Text } from './ThoughtDetails.tsx';

/** After the last letter. */
const PAUSE_MS = 250;

interface Scoring {
  readonly busy: boolean;
  readonly stage?: Stage;
  readonly own?: OwnScore;
  readonly message?: string;
}

/** The score of a text, which stays until that of the next is there. */
function useScore(run: number, request: ScoreRequest | undefined): Scoring {
  const scoring = useSignal<Scoring>({ busy: false });
  useEffect(() => {
    if (!request) {
      scoring.value = { busy: false };
      return;
    }
    const ending = new AbortController();
    const { own } = scoring.peek();
    scoring.value = { busy: true, ...(own && { own }) };
    const hear = (event: JobEvent) => {
      const { message: _, ...known } = scoring.peek();
      if (event.event === 'stage') scoring.value = { ...known, stage: event };
      if (event.event === 'scored') scoring.value = { busy: false, own: event.own };
      if (event.event === 'refused') scoring.value = { busy: false, message: event.error.message };
    };
    const timer = setTimeout(
      () => void compute(`api/runs/${run}/score`, request, { signal: ending.signal, hear }),
      PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [run, JSON.stringify(request)]);
  return scoring.value;
}

interface OwnTextProps {
  readonly run: number;
  readonly thought: Thought;
  /** What the thought is about, as the server is to know it. */
  readonly of: { readonly problem: string } | { readonly question: string };
}

export function OwnText({ run, thought, of }: OwnTextProps) {
  const text = route.value.params.get('own') ?? '';
  const asked = text.trim() !== '';
  const { busy, stage, own, message } = useScore(run, asked ? { ...of, view: thought.view, text } : undefined);
  if (!canCompute) return null;
  const type = (typed: string) => go(withParams({ own: typed }), { replace: true });
  return (
    <section class="own-text" aria-label="Your own text">
      <h3>
        <label for="own-text">Your own text for {stepsName(thought.steps)}</label>
      </h3>
      <p class="note">What would another text be worth? It is scored as you type, against the same floors.</p>
      <div class="field">
        <input
          id="own-text"
          class="text"
          type="text"
          maxLength={500}
          autocomplete="off"
          spellcheck={false}
          placeholder={visible(thought.explanation ?? '')}
          value={text}
          onInput={event => type(event.currentTarget.value)}
        />
        {thought.explanation !== null && (
          <button type="button" class="action" onClick={() => type(thought.explanation ?? '')}>
            Begin with what was read
          </button>
        )}
      </div>
      <div aria-live="polite" aria-busy={busy}>
        {busy && stage && <Progress stage={stage} />}
        {message !== undefined && (
          <p class="refused">
            <Message text={message} />
          </p>
        )}
        {asked && own && <Worth own={own} thought={thought} />}
      </div>
    </section>
  );
}

function Worth({ own, thought }: { readonly own: OwnScore; readonly thought: Thought }) {
  const { readable } = own;
  return (
    <div class="worth">
      <div>
        <Words label={{ explanation: own.text, words: [...own.words] }} />
        <Completion explanation={own.text} completion={own.completion} />
        <p class={`verdict ${readable.holds ? 'holds' : 'fails'}`}>
          <span aria-hidden="true">{signOf(readable.holds)}</span> {readable.holds ? 'readable' : 'not readable'}
        </p>
        <p class="why">{visible(readable.reason)}</p>
        <p class="why">
          given this text the model answers <span class="text">{visible(own.answer)}</span>
          {own.same ? ', the same as with its latents' : `, not ${visible(thought.answer.latent)}`}
        </p>
      </div>
      <Part title="Beside what was read, and what reads nothing" note="The difference is to the text that was read.">
        <table class="scores own-scores">
          <thead>
            <tr>
              <th scope="col">text</th>
              <th scope="col">similarity</th>
              <th scope="col">FVE</th>
              <th scope="col">swap gap</th>
              <th scope="col">lift</th>
            </tr>
          </thead>
          <tbody>
            <tr class="own">
              <th scope="row">
                yours
                <Text text={own.text} />
              </th>
              {SCORES.map(({ name, range }) => (
                <td key={name} class="score">
                  <span class="number">{decimal(own.scores[name])}</span>
                  <Difference value={own.scores[name] - thought.scores[name]} />
                  <ScoreBar value={own.scores[name]} range={range} />
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">
                what was read
                {thought.explanation === null ? (
                  <span class="unknown">(the best text, which says nothing)</span>
                ) : (
                  <Text text={thought.explanation} />
                )}
              </th>
              {SCORES.map(({ name, range }) => (
                <Score key={name} value={thought.scores[name]} range={range} />
              ))}
            </tr>
            {CONTROL_NAMES.map(name => (
              <tr key={name}>
                <th scope="row">
                  {CONTROLS[name]}
                  <Text text={own.controls[name].text} />
                </th>
                <Score value={own.controls[name].similarity} range={SIMILARITY} />
                <Score value={own.controls[name].fve} range={FVE} />
                <td />
                <td />
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
    </div>
  );
}

const SCORES = [
  { name: 'similarity', range: SIMILARITY },
  { name: 'fve', range: FVE },
  { name: 'gap', range: SIMILARITY },
  { name: 'lift', range: SIMILARITY },
] as const;

function Difference({ value }: { readonly value: number }) {
  const shown = decimal(value);
  const same = Number(shown.replace('−', '-')) === 0;
  return (
    <span class={same ? 'difference' : `difference ${value > 0 ? 'hit' : 'miss'}`}>
      {same ? '=' : value > 0 ? `+${shown}` : shown}
    </span>
  );
}

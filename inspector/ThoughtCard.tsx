/** One latent step at a glance: what the model thought, whether that is to be believed, and why. */

import type { ComponentChildren } from 'preact';
import { Fragment } from 'preact';
import type { Label, Thought } from '../src/inspect/wire.ts';
import { type Floor, type Range, ScoreBar } from './Bars.tsx';
import { BELIEFS, beliefOfLabel, signOf, VERDICTS, type VerdictName, whyOf } from './belief.ts';
import { decimal, stepsName, visible } from './format.ts';

export const SIMILARITY: Range = { from: -0.25, to: 1 };
export const FVE: Range = { from: -1, to: 1 };

export const CONTROLS = {
  question_end: 'question end',
  swapped: 'swapped thought',
  last_token: 'last token',
  empty: 'empty text',
} as const satisfies Record<keyof Label['controls'], string>;

export const CONTROL_NAMES = Object.keys(CONTROLS) as (keyof Label['controls'])[];

interface WordsProps {
  readonly label: Pick<Thought, 'explanation' | 'words'>;
  /** What was read before: words that were others then are marked. */
  readonly before?: string | null | undefined;
}

/** The explanation word by word: read ones stand firm, the others are the language's guess. */
export function Words({ label: { explanation, words }, before }: WordsProps) {
  if (explanation === null) return <p class="thought silent">no text says anything of this thought</p>;
  const old = before == null ? undefined : before.split(' ');
  if (words.length === 0)
    return (
      <p class="thought">
        <Marked when={old !== undefined && before !== explanation}>{visible(explanation)}</Marked>
      </p>
    );
  return (
    <p class="thought">
      {words.map((word, index) => (
        // A space, so that lines break between words and a copied text is the text.
        <Fragment key={index}>
          {index > 0 && ' '}
          <Marked when={old !== undefined && old[index] !== word.word}>
            <Word {...word} />
          </Marked>
        </Fragment>
      ))}
    </p>
  );
}

function Marked({ when, children }: { readonly when: boolean; readonly children: ComponentChildren }) {
  const Tag = when ? 'mark' : 'span';
  return <Tag>{children}</Tag>;
}

function Word({ word, loss, read }: Label['words'][number]) {
  const title =
    loss === null
      ? 'no other word may stand here'
      : `${read ? 'read' : 'not read'}: the best other word takes ${decimal(loss)} off the similarity`;
  return (
    <span class={read === null ? 'word given' : read ? 'word read' : 'word unread'} title={title}>
      {visible(word)}
    </span>
  );
}

/** What the completion holds beyond the explanation. */
export function Completion({ explanation, completion }: Pick<Thought, 'explanation' | 'completion'>) {
  const said = explanation ?? '';
  const rest = completion.startsWith(said) ? completion.slice(said.length).trim() : completion;
  return (
    <p class="completion">
      {explanation !== null && (rest === '' ? 'the model adds nothing' : 'the model goes on: ')}
      {rest !== '' && <span class="text">{visible(rest)}</span>}
    </p>
  );
}

export function Verdicts({ label }: { readonly label: Thought }) {
  return (
    <ul class="verdicts">
      {(Object.keys(VERDICTS) as VerdictName[]).map(name => {
        const verdict = label.verdicts[name];
        if (!verdict) return null;
        const state = verdict.holds === null ? 'open' : verdict.holds ? 'holds' : 'fails';
        const id = `${label.id} ${name}`.replaceAll(/\s/g, '_');
        return (
          <li key={name}>
            <button type="button" class={`verdict ${state}`} aria-describedby={id}>
              <span aria-hidden="true">{signOf(verdict.holds)}</span> {name}
              <span class="unseen">: {verdict.holds === null ? 'unknown' : verdict.holds ? 'yes' : 'no'}</span>
            </button>
            <span role="tooltip" id={id} class="reason">
              {visible(verdict.reason)}
              <small>{VERDICTS[name]}</small>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function highestOf(floors: readonly Floor[]): Floor | undefined {
  return floors.reduce<Floor | undefined>((a, b) => (a && a.value >= b.value ? a : b), undefined);
}

interface MeterProps {
  readonly name: string;
  readonly value: number;
  readonly range: Range;
  readonly floors: readonly Floor[];
  readonly ceiling?: number | undefined;
}

function Meter({ name, value, range, floors, ceiling }: MeterProps) {
  const highest = highestOf(floors);
  return (
    <div class="meter">
      <dt>{name}</dt>
      <dd class="number">{decimal(value)}</dd>
      <dd class="bar" title={ceiling === undefined ? undefined : `the gold text has ${decimal(ceiling)}`}>
        <ScoreBar value={value} range={range} floors={floors} ceiling={ceiling} />
      </dd>
      <dd class="against">{highest && `${decimal(highest.value)} ${highest.name}`}</dd>
    </div>
  );
}

export function floorsOf({ controls }: Pick<Thought, 'controls'>, score: 'similarity' | 'fve'): Floor[] {
  return CONTROL_NAMES.map(name => ({ name: CONTROLS[name], value: controls[name][score] }));
}

/** The gold step that the label's anchor speaks of; undefined where it speaks of none. */
const goldOf = ({ anchor, gold }: Thought) => {
  const step = /^(\d+)\./.exec(anchor ?? '')?.[1];
  return step === undefined ? undefined : gold?.steps[Number(step) - 1];
};

function Gold({ label, shown }: { readonly label: Thought; readonly shown: boolean }) {
  const step = goldOf(label);
  if (!step) return <p class="gold">no gold step belongs to this one</p>;
  if (!shown) return <p class="gold">gold step hidden: guess first, then press g</p>;
  const hit = step.exact ? '✓ the whole expression' : step.right ? '✓ the result only' : '✕ not this step';
  return (
    <p class="gold shown">
      gold <span class="text">{visible(step.text)}</span> <span class={step.right ? 'hit' : 'miss'}>{hit}</span>
    </p>
  );
}

interface ThoughtCardProps {
  readonly label: Thought;
  readonly described: string;
  readonly selected: boolean;
  readonly goldShown?: boolean;
  readonly gapFloor: number | null;
  readonly to: string;
  /** The reading of the question before it was edited. */
  readonly before?: Thought | undefined;
  /** What stands below it all. */
  readonly children?: ComponentChildren;
}

export function ThoughtCard(props: ThoughtCardProps) {
  const { label, described, selected, goldShown = false, gapFloor, to, before, children } = props;
  const belief = beliefOfLabel(label);
  const { sign, word } = BELIEFS[belief];
  const { scores, probability, explanation } = label;
  return (
    <li class={`card ${belief}`} aria-current={selected ? 'step' : undefined}>
      <header>
        <h3>
          <a href={to}>{stepsName(label.steps)}</a>
        </h3>
        <p class={`belief ${belief}`}>
          <span aria-hidden="true">{sign}</span> {word}
          {probability !== null && explanation !== null && (
            <span class="probability" title="how probably it says the whole step, by its scores">
              p {decimal(probability)}
            </span>
          )}
        </p>
      </header>
      <p class="described">{described.replace(/^latent steps? \d+(?:, \d+)*(?: together)?, /, '')}</p>
      <Words label={label} before={before?.explanation} />
      <Completion {...label} />
      <Verdicts label={label} />
      <p class="why">{visible(whyOf(label))}</p>
      <dl class="meters">
        <Meter
          name="similarity"
          value={scores.similarity}
          range={SIMILARITY}
          floors={floorsOf(label, 'similarity')}
          ceiling={label.gold?.ceiling.similarity}
        />
        <Meter
          name="FVE"
          value={scores.fve}
          range={FVE}
          floors={floorsOf(label, 'fve')}
          ceiling={label.gold?.ceiling.fve}
        />
        <Meter
          name="swap gap"
          value={scores.gap}
          range={SIMILARITY}
          floors={gapFloor === null ? [] : [{ name: 'asked for', value: gapFloor }]}
        />
      </dl>
      {label.gold && <Gold label={label} shown={goldShown} />}
      {children}
    </li>
  );
}

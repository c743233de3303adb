/** A question whose numbers can be edited in place, one at a time. */
import type { WrittenNumber } from '../src/inspect/wire.ts';
import { visible } from './format.ts';
import { go, withParams } from './route.ts';

/** Which number of a question, from 0, and what it is to be. */
export interface NumberEdit {
  readonly number: number;
  readonly to: string;
}

/** As it stands in the address: `1:7`. */
export function readEdit(written: string | null): NumberEdit | undefined {
  const [, number, to] = /^(\d{1,3}):(\d{1,9}(?:\.\d{1,9})?)$/.exec(written ?? '') ?? [];
  return to === undefined ? undefined : { number: Number(number), to };
}

interface EditedQuestionProps {
  readonly question: string;
  readonly numbers: readonly WrittenNumber[];
  readonly edit: NumberEdit | undefined;
}

export function EditedQuestion({ question, numbers, edit }: EditedQuestionProps) {
  const ends = numbers.map(({ written, index }) => index + written.length);
  return (
    <h2>
      {numbers.map(({ written, index }, number) => (
        <span key={index}>
          {visible(question.slice(ends[number - 1] ?? 0, index))}
          <NumberField written={written} number={number} now={edit?.number === number ? edit.to : written} />
        </span>
      ))}
      {visible(question.slice(ends.at(-1) ?? 0))}
    </h2>
  );
}

interface NumberFieldProps {
  readonly written: string;
  readonly number: number;
  readonly now: string;
}

function NumberField({ written, number, now }: NumberFieldProps) {
  const put = (to: string) => go(withParams({ edit: to === written ? undefined : `${number}:${to}`, side: undefined }));
  return (
    <input
      // A new one where the address brings another number, so that it shows it.
      key={now}
      class={now === written ? 'in-place' : 'in-place edited'}
      inputMode="decimal"
      pattern="\d{1,9}(\.\d{1,9})?"
      size={Math.max(2, now.length)}
      defaultValue={now}
      aria-label={`${written}, number ${number + 1} of the question; another number in its place`}
      title={now === written ? 'another number in its place, in digits' : `a number in digits; it was ${written}`}
      onChange={event => {
        const { value, validity } = event.currentTarget;
        const to = value.trim();
        if (to === '') put(written);
        else if (!validity.valid) event.currentTarget.reportValidity();
        else if (to !== now) put(to);
      }}
      onKeyDown={event => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') event.currentTarget.value = now;
      }}
    />
  );
}

/** A text whose words that are not those of the one before are marked. */
export function Changed({ before, after, text = false }: { before: string; after: string; text?: boolean }) {
  const old = before.split(' ');
  return (
    <span class={text ? 'text' : undefined}>
      {after.split(' ').map((word, index) => (
        <span key={index}>
          {index > 0 && ' '}
          {word === old[index] ? visible(word) : <mark>{visible(word)}</mark>}
        </span>
      ))}
    </span>
  );
}

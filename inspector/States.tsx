/** What stands where an answer is not there: that it is on its way, or why it will not come and what to do. */
import type { ComponentChildren } from 'preact';
import type { Answer } from './answers.ts';
import { visible } from './format.ts';

/** Commands that a message names by `…` are set apart, ready to be copied. */
export function Message({ text }: { readonly text: string }) {
  return (
    <>
      {visible(text)
        .split('`')
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}

interface AnswerViewProps<T> {
  readonly answer: Answer<T>;
  readonly what: string;
  /** It is all that the view shows. */
  readonly whole?: boolean;
  readonly children: (value: T) => ComponentChildren;
}

export function AnswerView<T>({ answer, what, whole = false, children }: AnswerViewProps<T>) {
  if (answer.state === 'here') return <>{children(answer.value)}</>;
  const notice =
    answer.state === 'asked' ? (
      <p class="notice" aria-live="polite">
        Reading {what} …
      </p>
    ) : (
      <p class="notice refused" role="alert">
        <strong>No {what}.</strong> <Message text={answer.message} />
      </p>
    );
  return whole ? <main id="main">{notice}</main> : notice;
}

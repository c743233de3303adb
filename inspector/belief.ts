/** Whether a reading may be believed, in one word, and the verdicts that it rests on. */
import type { Label, Thought } from '../src/inspect/wire.ts';

export type Belief = 'accepted' | 'readable' | 'doubtful' | 'unreadable' | 'silent';

/** A sign and a word each, so that colour is not the only difference. */
export const BELIEFS: Readonly<Record<Belief, { readonly sign: string; readonly word: string }>> = {
  accepted: { sign: '✓', word: 'accepted' },
  readable: { sign: '✓', word: 'readable' },
  doubtful: { sign: '◐', word: 'not accepted' },
  unreadable: { sign: '✕', word: 'not readable' },
  silent: { sign: '○', word: 'says nothing' },
};

interface Read {
  readonly explanation: string | null;
  /** null: nobody asked. */
  readonly accepted: boolean | null;
  readonly readable: boolean;
}

export function beliefOf({ explanation, accepted, readable }: Read): Belief {
  if (explanation === null) return 'silent';
  if (!readable) return 'unreadable';
  if (accepted === null) return 'readable';
  return accepted ? 'accepted' : 'doubtful';
}

export const beliefOfLabel = ({ explanation, accepted, verdicts }: Thought): Belief =>
  beliefOf({ explanation, accepted, readable: verdicts.readable.holds });

/** The reason that decided. */
export function whyOf({ verdicts, probability, explanation, accepted }: Thought): string {
  if (explanation === null) return verdicts.verbalisable.reason;
  if (!verdicts.readable.holds || accepted !== false) return verdicts.readable.reason;
  const { follows } = verdicts;
  if (follows && follows.holds !== true) return follows.reason;
  return probability === null ? verdicts.readable.reason : 'too improbable, by its scores, to say the whole step';
}

export const VERDICTS = {
  verbalisable: 'Some text that is known explains more of this latent than the mean does.',
  readable:
    "The text is nearer to this thought than to another problem's, and explains more than texts that read nothing.",
  used: 'The answer changes when the thought is swapped for another problem’s.',
  adds: 'It says what the state at the question’s end does not.',
  follows: 'When a number of the question is edited, the new reading is the one that this one predicts.',
} as const satisfies Partial<Record<keyof Label['verdicts'], string>>;

export type VerdictName = keyof typeof VERDICTS;

export const signOf = (holds: boolean | null): string => (holds === null ? '?' : holds ? '✓' : '✕');

/** What the page asks to be computed, and what it hears meanwhile; part of wire.ts. */
import type { OwnText } from '../eval/ownText.ts';
import type { AnswerFollowed, Followed } from '../eval/whatIf.ts';
import type { Label } from '../labels/schema.ts';
import type { Answered } from '../oracle/ask.ts';
import type { WireError } from './wire.ts';

export type { AskRequest, ScoreRequest, TryRequest } from './computing.ts';
export type { AnswerFollowed, Followed };

/** What a card shows of a thought: a label, or as much of one as there is of a question that was only tried. */
export interface Thought
  extends Pick<
      Label,
      | 'id'
      | 'question'
      | 'view'
      | 'steps'
      | 'anchor'
      | 'explanation'
      | 'words'
      | 'completion'
      | 'answer'
      | 'scores'
      | 'controls'
      | 'alternatives'
      | 'lens'
      | 'causal'
      | 'verdicts'
      | 'probability'
    >,
    Partial<Pick<Label, 'gold' | 'edits' | 'nearest' | 'provenance'>> {
  /** null where nobody asked whether it may be learned from. */
  readonly accepted: boolean | null;
}

/** GET api/runs/N/try: questions of held-out problems, for who does not know what to ask; refused for a run that cannot compute. */
export interface TryExamples {
  readonly questions: readonly string[];
}

/** The question as it was asked, and with a number edited. */
export type Side = 'asked' | 'edited';

/** A number that may be edited in place. */
export interface WrittenNumber {
  readonly written: string;
  /** Where it begins in the question. */
  readonly index: number;
}

/** The model has thought; its thoughts are to be read. */
export interface AskedEvent {
  readonly event: 'asked';
  readonly side: Side;
  /** As the model reads it. */
  readonly question: string;
  readonly numbers: readonly WrittenNumber[];
  /** First token of the model's answer. */
  readonly answer: string;
  readonly views: readonly { readonly view: string; readonly steps: readonly number[]; readonly described: string }[];
  /** The least swap gap of a readable reading. */
  readonly gapFloor: number;
}

export interface ReadEvent {
  readonly event: 'read';
  readonly side: Side;
  readonly thought: Thought;
  /** Of the edited question, by what the reading before predicts; null where it predicts nothing. */
  readonly followed: Followed | null;
}

/** A text of one's own: what a reading of it would be worth. */
export type OwnScore = OwnText;

/** GET api/runs/N/oracle: the name of the oracle's run; null where none was trained on the run. */
export interface OracleAnswer {
  readonly oracle: string | null;
}

/** The oracle's answer, and its answer to the same question about another problem's thought. */
export type Told = Pick<Answered, 'answer' | 'shuffled'>;

/** One line each of what POST api/runs/N/try, api/runs/N/score and api/runs/N/ask answer. */
export type JobEvent =
  | { readonly event: 'stage'; readonly name: string; readonly done: number; readonly total: number }
  | AskedEvent
  | ReadEvent
  | ({ readonly event: 'answered' } & AnswerFollowed)
  | { readonly event: 'scored'; readonly own: OwnScore }
  | ({ readonly event: 'told' } & Told)
  | { readonly event: 'done' }
  | ({ readonly event: 'refused' } & WireError);

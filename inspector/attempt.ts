/** A question that is tried, as far as it has come: what was heard of it, put together. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { AnswerFollowed, AskedEvent, Followed, JobEvent, Side, Thought, TryRequest } from '../src/inspect/wire.ts';
import { compute } from './computing.ts';

export interface Stage {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

export interface ReadThought {
  readonly thought: Thought;
  readonly followed: Followed | null;
}

/** A question that was thought about, and its thoughts as far as they are read, by view. */
export interface Tried extends Omit<AskedEvent, 'event' | 'side'> {
  readonly read: Readonly<Record<string, ReadThought>>;
}

export interface Attempt {
  readonly state: 'running' | 'done' | 'cancelled' | 'refused';
  /** That it took, once it is done. */
  readonly seconds?: number;
  readonly stage?: Stage;
  /** Why it was refused. */
  readonly message?: string;
  readonly sides: Readonly<Partial<Record<Side, Tried>>>;
  readonly answered?: AnswerFollowed;
}

/** What the attempt is once an event was heard. */
export function heard(attempt: Attempt, event: JobEvent): Attempt {
  const { sides } = attempt;
  switch (event.event) {
    case 'stage': {
      const { event: _, ...stage } = event;
      return { ...attempt, stage };
    }
    case 'asked': {
      const { event: _, side, ...asked } = event;
      // Asked again with another number edited: what was read of it stays until it is read again.
      const known = sides[side]?.question === asked.question ? sides[side].read : {};
      return { ...attempt, sides: { ...sides, [side]: { ...asked, read: known } } };
    }
    case 'read': {
      const { side, thought, followed } = event;
      const tried = sides[side];
      if (!tried) return attempt;
      const read = { ...tried.read, [thought.view]: { thought, followed } };
      return { ...attempt, sides: { ...sides, [side]: { ...tried, read } } };
    }
    case 'answered': {
      const { event: _, ...answered } = event;
      return { ...attempt, answered };
    }
    case 'done':
      return { state: 'done', sides, ...(attempt.answered && { answered: attempt.answered }) };
    case 'refused':
      return { state: 'refused', sides, message: event.error.message };
    default:
      return attempt;
  }
}

interface Trial extends Attempt {
  cancel(): void;
  again(): void;
}

/** Tries a question, with a number edited or not. Who leaves cancels. */
export function useAttempt(run: number, request: TryRequest): Trial {
  const attempt = useSignal<Attempt>({ state: 'running', sides: {} });
  const ending = useRef<AbortController>(undefined);
  const times = useSignal(0);
  useEffect(() => {
    const controller = new AbortController();
    ending.current = controller;
    const { signal } = controller;
    const begun = performance.now();
    const { asked } = attempt.peek().sides;
    attempt.value = { state: 'running', sides: asked ? { asked } : {} };
    const hear = (event: JobEvent) => {
      if (signal.aborted) return;
      const next = heard(attempt.peek(), event);
      attempt.value = next.state === 'done' ? { ...next, seconds: (performance.now() - begun) / 1000 } : next;
    };
    void compute(`api/runs/${run}/try`, request, { signal, hear });
    return () => controller.abort();
  }, [run, JSON.stringify(request), times.value]);
  return {
    ...attempt.value,
    cancel() {
      ending.current?.abort();
      attempt.value = { state: 'cancelled', sides: attempt.peek().sides };
    },
    again() {
      times.value += 1;
    },
  };
}

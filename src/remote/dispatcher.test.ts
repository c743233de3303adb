import { describe, expect, it } from 'vitest';
import { createDispatcher, type Sighting } from './dispatcher.ts';

/** A queue in memory; answers are JSON of the value, `null` for what was lost. */
function bench(room = 2) {
  const jobs = new Map<string, string>();
  const discarded: string[] = [];
  const seen: string[] = [];
  let begun = new Set<string>();
  const dispatcher = createDispatcher<string>({
    transport: {
      add: async (id, order) => {
        seen.push(order);
        jobs.set(id, order);
      },
      look: async (id): Promise<Sighting> => (jobs.has(id) ? { kind: 'pending' } : { kind: 'lost' }),
      withdraw: async id => !begun.has(id) && jobs.delete(id),
    },
    pack: async (name, input) => `${name} ${input}`,
    async unpack(answer) {
      const value = JSON.parse(answer);
      if (value === 'fail') throw new Error('the task failed');
      return value === null ? undefined : { value };
    },
    discard: id => void discarded.push(id),
    room: () => room,
  });
  const settle = () => new Promise(resolve => setTimeout(resolve, 5));
  const answer = (id: string, value: unknown) =>
    dispatcher.hear(id, { kind: 'answered', answer: JSON.stringify(value) });
  return {
    dispatcher,
    jobs,
    seen,
    discarded,
    settle,
    answer,
    begin: (...ids: string[]) => {
      begun = new Set(ids);
    },
  };
}

describe('the dispatcher', () => {
  it('sends in order, no more at a time than there is room for', async () => {
    const { dispatcher, seen, answer, settle } = bench(2);
    const all = Promise.all([1, 2, 3].map(n => dispatcher.run('t', n)));
    await settle();
    expect(seen).toEqual(['t 1', 't 2']);
    answer('task-2', 'b');
    await settle();
    expect(seen).toEqual(['t 1', 't 2', 't 3']);
    answer('task-1', 'a');
    answer('task-3', 'c');
    expect(await all).toEqual(['a', 'b', 'c']);
    expect(dispatcher.open).toBe(0);
  });

  it('takes the first answer and no other', async () => {
    const { dispatcher, answer, settle, discarded } = bench();
    const result = dispatcher.run('t', 1);
    await settle();
    answer('task-1', 'first');
    answer('task-1', 'second');
    expect(await result).toBe('first');
    await settle();
    answer('task-1', 'third');
    expect(discarded).toEqual(['task-1']);
  });

  it('sends again what the queue has forgotten, and what could not be fetched', async () => {
    const { dispatcher, jobs, seen, answer, settle } = bench();
    const result = dispatcher.run('t', 1);
    await settle();
    jobs.clear();
    await dispatcher.sweep();
    await settle();
    answer('task-2', null);
    await settle();
    answer('task-1', 'an answer to a job that was given up');
    answer('task-3', 'ok');
    expect(await result).toBe('ok');
    expect(seen).toEqual(['t 1', 't 1', 't 1']);
  });

  it('gives up where data is lost again and again', async () => {
    const { dispatcher, answer, settle } = bench();
    const result = expect(dispatcher.run('t', 1)).rejects.toThrow(/lost the data of task t 20 times.*noeviction/);
    for (let n = 1; n <= 21; n++) {
      await settle();
      answer(`task-${n}`, null);
    }
    await result;
  });

  it('rejects with the error of the task, and with the reason of a queue that gives it up', async () => {
    const { dispatcher, answer, settle } = bench();
    const failing = expect(dispatcher.run('t', 1)).rejects.toThrow('the task failed');
    const givenUp = expect(dispatcher.run('t', 2)).rejects.toThrow('task t was given up: stalled');
    await settle();
    answer('task-1', 'fail');
    dispatcher.hear('task-2', { kind: 'failed', reason: 'stalled' });
    await Promise.all([failing, givenUp]);
  });

  it('on an abort drops what has not begun and lets the rest arrive', async () => {
    const { dispatcher, answer, settle, begin } = bench(2);
    const stop = new AbortController();
    const results = [1, 2, 3].map(n => dispatcher.run('t', n, stop.signal));
    const settled = Promise.allSettled(results);
    await settle();
    begin('task-1');
    stop.abort(new Error('enough'));
    await settle();
    answer('task-1', 'done');
    const outcomes = (await settled).map(one => (one.status === 'fulfilled' ? one.value : one.reason.message));
    expect(outcomes).toEqual(['done', 'enough', 'enough']);
    await expect(dispatcher.run('t', 4, stop.signal)).rejects.toThrow('enough');
  });
});

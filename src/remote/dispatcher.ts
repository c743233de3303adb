/**
 * Sends tasks to a queue and waits for their answers, at least once each and counted once: whatever happens to Redis or to
 * workers, a task's promise is settled by the first answer and by no other. Tasks leave first in, first out, and no more
 * than `room()` at a time. News of an answer may be missed: every job under way is looked after now and then, and one that the
 * queue has forgotten is sent again.
 */
import { RecodiError } from '../run/errors.ts';

export type Sighting =
  | { readonly kind: 'pending' | 'lost' }
  | { readonly kind: 'answered'; readonly answer: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** A queue of jobs, as the dispatcher needs it. */
export interface Transport<Order> {
  add(id: string, order: Order): Promise<void>;
  look(id: string): Promise<Sighting>;
  /** Takes a job back; false where it has begun. */
  withdraw(id: string): Promise<boolean>;
}

export interface Courier<Order> {
  readonly transport: Transport<Order>;
  pack(name: string, input: unknown): Promise<Order>;
  /** The value of an answer, or undefined where something was lost and must be sent again. Throws the task's error. */
  unpack(answer: string, name: string): Promise<{ readonly value: unknown } | undefined>;
  /** A job is over: what was stored for it can go. */
  discard(id: string, order: Order): void;
  /** How many jobs may be under way. */
  room(): number;
}

export interface Dispatcher {
  run(name: string, input: unknown, signal?: AbortSignal): Promise<unknown>;
  /** News of a job. */
  hear(id: string, sighting: Sighting): void;
  /** Looks after all jobs under way. */
  sweep(): Promise<void>;
  /** Tasks that wait or are under way. */
  readonly open: number;
  /** Rejects everything that is not settled. */
  drop(reason: unknown): void;
}

interface Errand<Order> {
  readonly name: string;
  readonly input: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  order?: Order;
  /** The queue has it. */
  added: boolean;
  settled: boolean;
  losses: number;
}

/** Losses in a row of one task that are put down to Redis itself. */
const MOST_LOSSES = 20;

export function createDispatcher<Order>(courier: Courier<Order>): Dispatcher {
  const waiting: Errand<Order>[] = [];
  const underWay = new Map<string, Errand<Order>>();
  let count = 0;

  function advance(): void {
    while (underWay.size < courier.room()) {
      const errand = waiting.shift();
      if (errand === undefined) return;
      void send(errand);
    }
  }

  async function send(errand: Errand<Order>): Promise<void> {
    count += 1;
    const id = `task-${count}`;
    underWay.set(id, errand);
    try {
      delete errand.order;
      errand.added = false;
      const order = await courier.pack(errand.name, errand.input);
      if (errand.settled) return;
      errand.order = order;
      await courier.transport.add(id, order);
      errand.added = true;
    } catch (error) {
      over(id, errand, () => errand.reject(error));
    }
  }

  function over(id: string, errand: Errand<Order>, settle: () => void): void {
    if (underWay.get(id) !== errand) return;
    underWay.delete(id);
    if (errand.order !== undefined) courier.discard(id, errand.order);
    errand.settled = true;
    settle();
    advance();
  }

  function again(id: string, errand: Errand<Order>): void {
    if (underWay.get(id) !== errand) return;
    errand.losses += 1;
    if (errand.losses > MOST_LOSSES) {
      const why = `Redis lost the data of task ${errand.name} ${MOST_LOSSES} times; it needs more memory, or maxmemory-policy noeviction.`;
      over(id, errand, () => errand.reject(new RecodiError('device', why)));
      return;
    }
    underWay.delete(id);
    void send(errand);
  }

  async function settle(id: string, errand: Errand<Order>, answer: string): Promise<void> {
    try {
      const unpacked = await courier.unpack(answer, errand.name);
      if (unpacked === undefined) return again(id, errand);
      over(id, errand, () => errand.resolve(unpacked.value));
    } catch (error) {
      over(id, errand, () => errand.reject(error));
    }
  }

  function hear(id: string, sighting: Sighting): void {
    const errand = underWay.get(id);
    if (errand?.order === undefined) return;
    if (sighting.kind === 'answered') void settle(id, errand, sighting.answer);
    else if (sighting.kind === 'lost' && errand.added) again(id, errand);
    else if (sighting.kind === 'failed') {
      const why = `task ${errand.name} was given up: ${sighting.reason}`;
      over(id, errand, () => errand.reject(new RecodiError('internal', why)));
    }
  }

  return {
    run(name, input, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => void takeBack(errand, signal?.reason);
        const done =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            signal?.removeEventListener('abort', abort);
            settle(value);
          };
        const errand: Errand<Order> = {
          name,
          input,
          resolve: done(resolve),
          reject: done(reject),
          added: false,
          settled: false,
          losses: 0,
        };
        signal?.addEventListener('abort', abort, { once: true });
        waiting.push(errand);
        advance();
      });
    },
    hear,
    async sweep() {
      for (const [id, errand] of [...underWay]) {
        if (errand.added) hear(id, await courier.transport.look(id));
      }
      advance();
    },
    get open() {
      return waiting.length + underWay.size;
    },
    drop(reason) {
      for (const errand of waiting.splice(0)) errand.reject(reason);
      for (const [id, errand] of [...underWay]) over(id, errand, () => errand.reject(reason));
    },
  };

  /** An abort drops what no worker has begun. */
  async function takeBack(errand: Errand<Order>, reason: unknown): Promise<void> {
    const place = waiting.indexOf(errand);
    if (place >= 0) {
      waiting.splice(place, 1);
      return errand.reject(reason);
    }
    for (const [id, one] of [...underWay]) {
      if (one !== errand) continue;
      const withdrawn = errand.order === undefined || (await courier.transport.withdraw(id).catch(() => false));
      if (withdrawn) over(id, errand, () => errand.reject(reason));
    }
  }
}

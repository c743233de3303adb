import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { tasks } from './pool.fixture.ts';
import { createPool } from './pool.ts';
import { createShared, rewrite } from './shared.ts';

const pool = createPool({ workers: 2, device: 'cpu' });
afterAll(() => pool.close());

const counter = () => new SharedArrayBuffer(4);
const count = (buffer: SharedArrayBuffer) => new Int32Array(buffer)[0];

describe('pool', () => {
  it('runs as many tasks at once as it has workers, each in its own thread', async () => {
    const wait = { flag: counter(), until: 2 };
    const threads = await Promise.all([pool.run(tasks.whichThread, wait), pool.run(tasks.whichThread, wait)]);
    expect(new Set(threads).size).toBe(2);
    expect(threads).not.toContain(0);
  });

  it('keeps code, message and cause of an error across threads', async () => {
    await expect(pool.run(tasks.fails, 'input')).rejects.toMatchObject({
      name: 'RecodiError',
      code: 'input',
      message: 'line 3: expected a number, got "x"',
    });
    await expect(pool.run(tasks.fails, 'nested')).rejects.toMatchObject({
      code: 'device',
      cause: { name: 'RangeError', message: 'eleven is too many' },
    });
    await expect(pool.run(tasks.fails, 'plain')).rejects.toMatchObject({
      code: 'internal',
      message: 'task fails failed: eleven is too many',
      cause: { name: 'RangeError' },
    });
  });

  it('says what is missing when a module does not export the task', async () => {
    await expect(pool.run({ ...tasks.fails, name: 'absent' }, 'input')).rejects.toThrow(/to export the task absent/);
  });

  it('moves the marked buffers of a result', async () => {
    const result = await pool.run(tasks.doubled, Float32Array.of(1, 2, 3));
    expect([...result.values]).toEqual([2, 4, 6]);
  });

  it('leaves the main thread free while workers block', async () => {
    const done = counter();
    const runs = [1, 2].map(() => pool.run(tasks.blocks, { ms: 200, done }));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await Promise.all(runs);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it('counts the time spent in tasks', async () => {
    const before = pool.stats().taskMs ?? 0;
    await pool.run(tasks.blocks, { ms: 30, done: counter() });
    expect((pool.stats().taskMs ?? 0) - before).toBeGreaterThan(25);
  });
});

describe('abort', () => {
  it('drops what waits and lets what runs finish', async () => {
    const one = createPool({ workers: 1, device: 'cpu' });
    const done = counter();
    const stop = new AbortController();
    const runs = [1, 2, 3].map(() => one.run(tasks.blocks, { ms: 30, done }, { signal: stop.signal }));
    const free = one.run(tasks.blocks, { ms: 1, done });
    stop.abort(new Error('enough'));
    const outcomes = await Promise.allSettled(runs);
    expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { message: 'enough' } });
    await free;
    expect(count(done)).toBe(2);
    await expect(one.run(tasks.blocks, { ms: 1, done }, { signal: stop.signal })).rejects.toThrow('enough');
    await one.close();
  });
});

describe('close', () => {
  it('drains what was asked for, then refuses', async () => {
    const two = createPool({ workers: 2, device: 'cpu' });
    const done = counter();
    const runs = Promise.all([1, 2, 3, 4, 5].map(() => two.run(tasks.blocks, { ms: 10, done })));
    const closed = two.close();
    await expect(two.run(tasks.blocks, { ms: 1, done })).rejects.toThrow(/was closed/);
    await closed;
    expect(count(done)).toBe(5);
    await runs;
    await two.close();
  });

  it('ends an unused pool', async () => {
    await createPool({ workers: 2, device: 'cpu' }).close();
  });
});

describe('a worker that dies', () => {
  const said: string[] = [];
  const one = createPool({ workers: 1, device: 'cpu', heapMb: 64, onLost: line => said.push(line) });
  afterEach(() => said.splice(0));
  afterAll(() => one.close());

  it.each([
    ['exit', 2, 'worker exited with code: 9'],
    ['throw', 1, 'out of nowhere'],
    ['memory', 1, 'its JavaScript memory was used up; give it smaller pieces'],
  ] as const)('by %s costs nothing: a fresh one does its task again, and that is said', async (how, most, why) => {
    expect(await one.run(tasks.diesAtFirst, { how, deaths: counter(), most })).toBe(most);
    expect(said).toHaveLength(most);
    expect(said[0]).toContain(`The worker of task diesAtFirst died: ${why}`);
  });

  it('three times of the same task rejects it with the cause, and other tasks go on', async () => {
    const lost = one.run(tasks.dies, undefined);
    const other = one.run(tasks.blocks, { ms: 1, done: counter() });
    await expect(lost).rejects.toMatchObject({
      code: 'internal',
      message: 'The worker of task dies died: worker exited with code: 7.',
    });
    expect(said).toHaveLength(2);
    await other;
  });

  it('is not what a result that cannot be sent is taken for', async () => {
    await expect(one.run(tasks.cannotBeSent, undefined)).rejects.toThrow(/expected plain data to and from task/);
    expect(said).toEqual([]);
  });
});

const increment = (data: Float32Array) => data.set(data.map(x => x + 1));

describe('shared floats', () => {
  it('go out to all workers, again under every version', async () => {
    const shared = createShared('params', Float32Array.of(1, 2, 3));
    for (let round = 0; round < 3; round++) {
      const sums = await Promise.all([pool.run(tasks.sumOf, shared), pool.run(tasks.sumOf, shared)]);
      expect(sums).toEqual([6 + 3 * round, 6 + 3 * round]);
      rewrite(shared, increment);
    }
    expect([...shared.data]).toEqual([4, 5, 6]);
    expect(shared.version).toBe(3);
  });

  it('refuse a reader whose version has passed', async () => {
    const shared = createShared('params', Float32Array.of(1));
    const old = { ...shared };
    rewrite(shared, increment);
    const readers = Promise.allSettled([1, 2].map(() => pool.run(tasks.sumOf, old)));
    for (const outcome of await readers) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'internal' } });
    }
  });
});

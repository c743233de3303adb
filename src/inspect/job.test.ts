import { describe, expect, it } from 'vitest';
import { createJobs } from './job.ts';

describe('jobs', () => {
  it('run one at a time', async () => {
    const jobs = createJobs();
    const first = await jobs.begin();
    expect(await jobs.begin()).toBeUndefined();
    first!.end();
    expect(await jobs.begin()).toBeDefined();
  });

  it('wait a moment for one that is about to end, or to be cancelled', async () => {
    const jobs = createJobs();
    const first = await jobs.begin();
    const next = jobs.begin();
    setTimeout(() => first!.cancel(), 10);
    setTimeout(() => first!.end(), 20);
    expect(await next).toBeDefined();
  });

  it('wait for one that was cancelled to end, and only one of those that wait begins', async () => {
    const jobs = createJobs();
    const first = await jobs.begin();
    first!.cancel();
    expect(first!.signal.reason).toMatchObject({ name: 'AbortError' });
    const begun: boolean[] = [];
    const waiting = [jobs.begin(), jobs.begin()].map(async job => begun.push((await job) !== undefined));
    await new Promise(resolve => setImmediate(resolve));
    expect(begun).toEqual([]);
    first!.end();
    await Promise.all(waiting);
    expect(begun).toEqual([true, false]);
  });

  it('are over once they are closed: the one at work is cancelled and waited for', async () => {
    const jobs = createJobs();
    const job = await jobs.begin();
    let closed = false;
    const closing = jobs.close().then(() => {
      closed = true;
    });
    expect(job!.signal.aborted).toBe(true);
    await new Promise(resolve => setImmediate(resolve));
    expect(closed).toBe(false);
    job!.end();
    await closing;
    expect(await jobs.begin()).toBeUndefined();
  });
});

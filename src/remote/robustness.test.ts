import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { createRemotePool } from './pool.ts';
import { wireTo } from './proxy.fixture.ts';
import { hasRedis, startRedis } from './redis.fixture.ts';
import { LISTED, tasks } from './tasks.fixture.ts';
import { startWorker, until, type WorkerProcess } from './workers.fixture.ts';

const ENTRY = 'src/remote/worker.fixture.ts';
const CUT_MS = 20_000;

/** Each has a Redis, a wire to it, a pool and workers of its own; so they can wait beside each other. */
async function newScene({ onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-robust-'));
  const redis = await startRedis();
  const wire = await wireTo(redis.port);
  const workers: WorkerProcess[] = [];
  const said: string[] = [];
  const pool = await createRemotePool({
    redis: wire.url,
    device: 'cpu',
    models: [],
    say: line => said.push(line),
    tasks: LISTED,
  });
  const [note, gate] = [join(folder, 'note'), join(folder, 'gate')];
  const openGate = () => writeFileSync(gate, '');
  onTestFinished(async () => {
    openGate();
    await pool.close();
    await Promise.all(workers.map(worker => worker.stop()));
    wire.close();
    await redis.remove();
    rmSync(folder, { recursive: true });
  });
  return {
    redis,
    wire,
    workers,
    said,
    openGate,
    begun: () => (existsSync(note) ? readFileSync(note, 'utf8').trim().split('\n') : []),
    begin: (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => pool.run(tasks.waits, { note, gate, n }))),
    hire: () => workers.push(startWorker(wire.url, [], { entry: ENTRY })),
    joined: (count: number) => until(() => said.filter(line => line.includes('has joined')).length >= count),
  };
}

const squares = (count: number) => Array.from({ length: count }, (_, n) => n * n);

describe.skipIf(!hasRedis).concurrent('a remote pool outlives', { timeout: 240_000 }, () => {
  it('a worker that is killed in the middle of a task: another does it again, and it counts once', async context => {
    const { hire, joined, begin, begun, workers, openGate } = await newScene(context);
    hire();
    hire();
    await joined(2);
    const results = begin(6);
    await until(() => begun().length === 2);
    const victim = workers[0]!;
    victim.kill();
    openGate();
    expect(await results).toEqual(squares(6));
    const lost = begun().filter(line => line.startsWith(`${victim.child.pid} `));
    expect(lost).toHaveLength(1);
    const [, n] = lost[0]!.split(' ');
    expect(begun().filter(line => line.endsWith(` ${n}`))).toHaveLength(2);
  });

  it('that there is no worker for a while, says so, and takes the one that comes late', async context => {
    const { openGate, begin, said, hire } = await newScene(context);
    openGate();
    const results = begin(3);
    await until(() =>
      said.some(line => /^Waiting for workers: start some with `recodi worker --redis redis:/.test(line)),
    );
    hire();
    expect(await results).toEqual(squares(3));
  });

  it('a restart of Redis that loses everything', async context => {
    const { hire, joined, begin, begun, redis, openGate, said } = await newScene(context);
    hire();
    await joined(1);
    const results = begin(6);
    await until(() => begun().length === 1);
    await redis.stop();
    await delay(1000);
    await redis.start();
    openGate();
    expect(await results).toEqual(squares(6));
    expect(said.some(line => /Lost the connection/.test(line))).toBe(true);
    expect(said.some(line => /is back/.test(line))).toBe(true);
  });

  it('a cut of the network of 20 s', async context => {
    const { hire, joined, begin, begun, wire, openGate } = await newScene(context);
    hire();
    await joined(1);
    const results = begin(4);
    await until(() => begun().length === 1);
    wire.cut();
    openGate();
    await delay(CUT_MS);
    wire.mend();
    expect(await results).toEqual(squares(4));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../tensor/pool.ts';
import { createShared, rewrite } from '../tensor/shared.ts';
import { createRemotePool } from './pool.ts';
import { hasRedis, startRedis, type TestRedis } from './redis.fixture.ts';
import { connect } from './redis.ts';
import { serve } from './serve.ts';
import { LISTED, tasks } from './tasks.fixture.ts';
import { until } from './workers.fixture.ts';

describe.skipIf(!hasRedis)('a remote pool', () => {
  const said: string[] = [];
  const stop = new AbortController();
  const folder = mkdtempSync(join(tmpdir(), 'recodi-remote-'));
  let redis: TestRedis;
  let pool: Pool;
  let worker: Promise<void>;

  beforeAll(async () => {
    redis = await startRedis();
    const common = { redis: redis.url, models: [], tasks: LISTED };
    pool = await createRemotePool({ ...common, device: 'cpu', say: line => said.push(line) });
    worker = serve({ ...common, threads: 1, signal: stop.signal, say: line => said.push(`worker: ${line}`) });
  });
  afterAll(async () => {
    await pool.close();
    stop.abort();
    await worker;
    await redis.remove();
    rmSync(folder, { recursive: true });
  });

  it('computes on a worker with the shared vector at the version that was meant', async () => {
    const params = createShared('params', Float32Array.of(1, 2, 3));
    const by = Float32Array.of(10, 10, 10);
    expect(await pool.run(tasks.scaled, { params, by })).toEqual({
      values: Float32Array.of(10, 20, 30),
      version: 0,
      none: Number.NaN,
    });
    rewrite(params, data => data.set([4, 5, 6]));
    expect(await pool.run(tasks.scaled, { params, by })).toMatchObject({
      values: Float32Array.of(40, 50, 60),
      version: 1,
    });
  });

  it('keeps code, message and cause of an error', async () => {
    await expect(pool.run(tasks.refuses, 'line 3: no number')).rejects.toMatchObject({
      code: 'input',
      message: 'line 3: no number',
      cause: { message: 'eleven' },
    });
  });

  it('sends the files of a folder, and again when they have changed', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one');
    expect(await pool.run(tasks.readFolder, { folder, name: 'a.txt' })).toBe('one');
    writeFileSync(join(folder, 'a.txt'), 'three');
    expect(await pool.run(tasks.readFolder, { folder, name: 'a.txt' })).toBe('three');
  });

  it('does at home what is not listed', async () => {
    expect(await pool.run(tasks.secret, undefined)).toBe('nobody may ask for this');
  });

  it('drops what nobody is there to do once it is told to stop', async () => {
    const own = new AbortController();
    const options = { redis: redis.url, device: 'cpu', models: [], say() {}, tasks: LISTED } as const;
    const lonely = await createRemotePool({ ...options, signal: own.signal });
    const result = lonely.run(tasks.refuses, 'never');
    own.abort(new Error('enough'));
    await expect(result).rejects.toThrow(/enough|never/);
    await lonely.close();
    await expect(lonely.run(tasks.refuses, 'late')).rejects.toThrow(/an open pool/);
  });

  it('says who has joined', async () => {
    await until(() => said.some(line => /^Worker \S+ has joined, with 1 threads/.test(line)));
  });

  it('leaves nothing in Redis, and sweeps away what a dead run has left', async () => {
    const { commands, close } = await connect(redis.url, () => {});
    await commands.sadd('recodi:runs', 'dead');
    await commands.hset('recodi:workers:dead', 'w', '{}');
    const next = await createRemotePool({ redis: redis.url, device: 'cpu', models: [], say() {}, tasks: LISTED });
    expect(await commands.exists('recodi:workers:dead')).toBe(0);
    expect(await commands.smembers('recodi:runs')).not.toContain('dead');
    await next.close();
    await pool.close();
    const left = (await commands.keys('*')).filter(key => !key.startsWith('recodi:blob:'));
    expect(left.filter(key => !/^recodi:(workers|refusals):/.test(key))).toEqual([]);
    for (const key of await commands.keys('*')) expect(await commands.ttl(key)).toBeGreaterThan(0);
    close();
  });
});

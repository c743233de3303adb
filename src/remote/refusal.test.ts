import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { announceRun, createCrew, PROTOCOL, type RunNotice, readRuns } from './board.ts';
import { createRemotePool } from './pool.ts';
import { hasRedis, startRedis, type TestRedis } from './redis.fixture.ts';
import { type Connections, connect } from './redis.ts';
import { serve } from './serve.ts';
import { LISTED, tasks } from './tasks.fixture.ts';
import { until } from './workers.fixture.ts';

it('without the packages says how to install them', async () => {
  vi.doMock('bullmq', () => {
    throw new Error('not found');
  });
  const { loadPackages } = await import('./redis.ts');
  await expect(loadPackages()).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/npm install bullmq@[\d.]+ ioredis@[\d.]+$/),
  });
  vi.doUnmock('bullmq');
});

describe.skipIf(!hasRedis)('a worker refuses, and both sides say why,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-refusal-'));
  let redis: TestRedis;
  let lrm: string;
  let here: string[];
  let stop: AbortController;
  let worker: Promise<void> | undefined;
  let connections: Connections | undefined;

  beforeAll(async () => {
    lrm = (await tinyLrm()).folder;
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    connections?.close();
    stop.abort();
    await worker;
    await redis.remove();
  });

  async function hire(models: readonly string[]) {
    redis = await startRedis();
    here = [];
    stop = new AbortController();
    const say = (line: string) => here.push(line);
    worker = serve({ redis: redis.url, models, threads: 1, signal: stop.signal, say, tasks: LISTED });
    await until(() => here.length > 0);
  }

  it('a run whose model has other weights, and takes the next that it can serve', async () => {
    const other = join(folder, basename(lrm));
    cpSync(lrm, other, { recursive: true });
    const file = join(other, 'model.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await hire([other]);
    const there: string[] = [];
    const options = {
      redis: redis.url,
      device: 'cpu',
      tasks: LISTED,
      say: (line: string) => there.push(line),
    } as const;
    const refused = await createRemotePool({ ...options, models: [lrm] });
    const why = new RegExp(`refused: the run reads the model ${basename(lrm)} .* has other weights`);
    await until(() => there.some(line => why.test(line)) && here.some(line => why.test(line)));
    await refused.close();
    const served = await createRemotePool({ ...options, models: [other] });
    await expect(served.run(tasks.refuses, 'as it should')).rejects.toThrow('as it should');
    await served.close();
  });

  it('a run of another version', async () => {
    await hire([]);
    connections = await connect(redis.url, () => {});
    const { commands } = connections;
    const notice: RunNotice = { protocol: PROTOCOL, version: '99.0.0', device: 'cpu', models: [] };
    await announceRun(commands, 'newer', notice);
    const there: string[] = [];
    const crew = createCrew(commands, 'newer', line => there.push(line));
    const why = /refused: the run is of recodi 99\.0\.0 .*install the same version on both sides/;
    while (!there.some(line => why.test(line))) await crew.read();
    expect(here.some(line => why.test(line))).toBe(true);
    expect(crew.threads()).toBe(0);
  });

  it('what is no notice at all', async () => {
    await hire([]);
    connections = await connect(redis.url, () => {});
    const { commands } = connections;
    await commands.sadd('recodi:runs', 'strange', '../../etc', 'x'.repeat(1000));
    await commands.set('recodi:run:strange', '{"__proto__": 1');
    await commands.set('recodi:run:odd', '[]');
    await commands.sadd('recodi:runs', 'odd');
    await until(() => here.some(line => /refused: the run is of recodi unknown/.test(line)));
    expect([...(await readRuns(commands)).keys()].sort()).toEqual(['odd', 'strange']);
  });
});

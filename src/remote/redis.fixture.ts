/**
 * A Redis of a test's own: a real redis-server on a free port of this machine, with its files in a temporary folder. Where no
 * redis-server is installed, the tests that need one say so and are skipped.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.warn('skipped: no redis-server is installed here, and these tests need one');

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** Ends the server and, unless `keep`, all that it holds. */
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined;
  const redis: TestRedis = {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    async start() {
      const plain = settings.includes('--port') ? [] : ['--port', String(port)];
      const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
      server = spawn('redis-server', [...plain, ...fixed, ...settings], { stdio: 'ignore' });
      process.once('exit', () => server?.kill('SIGKILL'));
      for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await delay(50);
    },
    async stop() {
      const ending = server;
      server = undefined;
      if (!ending || ending.exitCode !== null) return;
      const ended = new Promise(resolve => ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
    async remove() {
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectTo(port, '127.0.0.1');
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

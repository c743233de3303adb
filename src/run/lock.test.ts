import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOCK_FILE, lockRun, refuseIfHeld } from './lock.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'recodi-lock-'));
const IMPATIENT = 100;

function heldBy(folder: string, changes: object): void {
  const holder = { pid: process.pid, host: hostname(), started: null, since: '2026-01-01T00:00:00.000Z', ...changes };
  writeFileSync(join(folder, LOCK_FILE), JSON.stringify(holder));
}

it('refuses a second process, and says which one has the run', async () => {
  const folder = newFolder();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)']);
  await once(child.stdout, 'data');
  heldBy(folder, { pid: child.pid });
  const message = new RegExp(`process ${child.pid} on ${hostname()} works on this run since 2026`);
  await expect(lockRun(folder, IMPATIENT)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(message),
  });
  expect(() => refuseIfHeld(folder)).toThrow(message);
  const waiting = lockRun(folder, 10_000);
  child.kill('SIGKILL');
  (await waiting).release();
  expect(existsSync(join(folder, LOCK_FILE))).toBe(false);
});

it('takes over from a process that is gone, and from a lock that a crash cut short', async () => {
  const folder = newFolder();
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  heldBy(folder, { pid });
  refuseIfHeld(folder);
  const lock = await lockRun(folder, IMPATIENT);
  expect(JSON.parse(readFileSync(join(folder, LOCK_FILE), 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
  writeFileSync(join(folder, LOCK_FILE), '{"pid":');
  (await lockRun(folder, IMPATIENT)).release();
  expect(readdirSync(folder)).toEqual([]);
});

it.runIf(existsSync('/proc/self/stat'))('is not deceived by another process with the same id', async () => {
  const folder = newFolder();
  heldBy(folder, { started: 'another-boot 1' });
  (await lockRun(folder, IMPATIENT)).release();
});

it.runIf(existsSync('/proc/self/stat'))('takes over from one that has ended and is not yet buried', async () => {
  const folder = newFolder();
  const child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  heldBy(folder, { pid: Number(String(line)) });
  (await lockRun(folder, 5000)).release();
  child.kill('SIGKILL');
});

it('leaves the lock of another host alone, and says what to remove', async () => {
  const folder = newFolder();
  heldBy(folder, { host: 'elsewhere.example' });
  await expect(lockRun(folder, IMPATIENT)).rejects.toThrow(
    /on elsewhere\.example .* If it is gone, remove .*lock\.json/,
  );
});

it('one of many that take over at once gets it', async () => {
  const folder = newFolder();
  heldBy(folder, { pid: spawnSync(process.execPath, ['-e', '0']).pid });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder, IMPATIENT)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

/**
 * For tests, as `node --import …/fault.fixture.ts?how=kill&write=17`: lets something happen to the process at its 17th write to a file
 * (in the middle of it), or after so many milliseconds of computing (`cpu=900`). `kill` is SIGKILL, `abort` a native crash, a
 * signal's name that signal, `twice` SIGTERM and a second one, an error's code (ENOSPC) what every write fails with from then
 * on. With `once=FILE` it happens to one process only, which leaves that file.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const ask = new URL(import.meta.url).searchParams;
const how = ask.get('how') ?? 'kill';
const at = Number(ask.get('write') ?? Number.POSITIVE_INFINITY);
const cpu = Number(ask.get('cpu') ?? Number.POSITIVE_INFINITY);
const once = ask.get('once');
const BETWEEN_SIGNALS_MS = 700;

let writes = 0;
let happened = false;
const failsWrites = /^E[A-Z]+$/.test(how);

function strike(): void {
  if (happened && !failsWrites) return;
  happened = true;
  if (once !== null) fs.mkdirSync(once);
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  if (how === 'abort') process.abort();
  if (how === 'SIGINT' || how === 'SIGTERM') process.kill(process.pid, how);
  if (how === 'twice') {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), BETWEEN_SIGNALS_MS).unref();
  }
  if (failsWrites) throw Object.assign(new Error(`${how}: injected, write`), { code: how, syscall: 'write' });
}

/** Counts a call of `name`; where it is the one, `half` of it is done first. */
function watch(
  name: 'writeSync' | 'writeFileSync' | 'renameSync' | 'fsyncSync' | 'rmSync',
  half?: (args: unknown[]) => void,
) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const watched = (...args: unknown[]) => {
    const ofConsole = typeof args[0] === 'number' && args[0] <= 2;
    const removal = name === 'rmSync';
    if (!ofConsole && ++writes >= at && !(failsWrites && removal)) {
      if (writes === at) half?.(args);
      strike();
    }
    return original(...args);
  };
  Object.assign(fs, { [name]: watched });
}

if (isMainThread && !(once !== null && fs.existsSync(once))) {
  const { writeSync } = fs;
  watch('writeSync', ([file, data]) => {
    if (failsWrites && data instanceof Uint8Array) writeSync(file as number, data.subarray(0, data.length >> 1));
    if (how === 'kill' && data instanceof Uint8Array) writeSync(file as number, data.subarray(0, data.length >> 1));
  });
  for (const name of ['writeFileSync', 'renameSync', 'fsyncSync', 'rmSync'] as const) watch(name);
  syncBuiltinESMExports();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage();
    if (!happened && (user + system) / 1000 >= cpu) strike();
  }, 2);
  timer.unref();
}

/**
 * One process per run folder. Who writes a run holds `lock.json`, made in one piece, which says who that is; a second process
 * is refused. A lock whose process is gone (killed, crashed, the machine restarted) is taken over: on Linux a process is known
 * by its id and its start, elsewhere by its id alone. Of another host's process nothing can be known, so its lock stays.
 */
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RecodiError } from './errors.ts';
import { onFile, readText } from './files.ts';

export const LOCK_FILE = 'lock.json';

const holderSchema = z.object({ pid: z.int(), host: z.string(), started: z.string().nullable(), since: z.string() });
type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  release(): void;
}

/** A process whose parent was killed ends by itself within moments (supervise.ts); that is worth waiting for. */
const PATIENCE_MS = 3000;
const LOOK_AGAIN_MS = 50;

/** @throws RecodiError('usage') where another process holds the run. */
export async function lockRun(folder: string, patienceMs = PATIENCE_MS): Promise<Lock> {
  const path = join(folder, LOCK_FILE);
  const me: Holder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid) ?? null,
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify(me)}\n`;
  const until = performance.now() + patienceMs;
  while (!make(path, text)) {
    const found = read(path);
    if (found === undefined) continue;
    if (!isAlive(found)) takeAway(path, found);
    else if (performance.now() < until) await sleep(LOOK_AGAIN_MS);
    else throw held(folder, found);
  }
  return {
    release() {
      if (read(path) === text) rmSync(path, { force: true });
    },
  };
}

/** Whether a process works on the run now. */
export function isHeld(folder: string): boolean {
  const found = read(join(folder, LOCK_FILE));
  return found !== undefined && isAlive(found);
}

/** @throws RecodiError('usage') where a process holds the run, which is about to be removed. */
export function refuseIfHeld(folder: string): void {
  const found = read(join(folder, LOCK_FILE));
  if (found !== undefined && isAlive(found)) throw held(folder, found);
}

/** The lock appears with all that is in it: who finds it empty finds what a crash left. */
function make(path: string, text: string): boolean {
  const aside = asideOf(path);
  return onFile(path, () => {
    writeFileSync(aside, text);
    try {
      try {
        linkSync(aside, path);
      } catch (error) {
        if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
        writeFileSync(path, text, { flag: 'wx' });
      }
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ENOENT: who has just got the run cleared the folder.
      if (code === 'EEXIST' || code === 'ENOENT') return false;
      throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  });
}

/** Of file systems that have no links; there a lock is for a moment empty. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

const asideOf = (path: string) => `${path}.tmp-${process.pid}-0-0`;

const LONGEST = 2 ** 16;

/** undefined where there is none. A link that leads nowhere is in the way of a lock, but nobody's. */
function read(path: string): string | undefined {
  try {
    return readText(path, LONGEST);
  } catch (error) {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (cause?.code !== 'ENOENT') throw error;
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? '' : undefined;
  }
}

/** Of a lock that a crash cut short nobody is the holder. */
function holderOf(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isAlive(text: string): boolean {
  const holder = holderOf(text);
  if (!holder) return false;
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const started = startOf(holder.pid);
  if (started === ENDED) return false;
  return started === undefined || holder.started === null || started === holder.started;
}

/** Removes the lock that `dead` was read from; one that somebody made meanwhile is put back. */
function takeAway(path: string, dead: string): void {
  const aside = asideOf(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (read(aside) !== dead) linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

/** Of a process that has ended, and whose parent has not yet taken notice. */
const ENDED = 'ended';

/** When a process began, in the kernel's ticks since the machine did, and which start of the machine that was. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything; the state is the 3rd, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? ENDED : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function held(folder: string, text: string): RecodiError {
  const holder = holderOf(text);
  const elsewhere = holder?.host !== hostname();
  const advice = elsewhere
    ? `If it is gone, remove ${join(folder, LOCK_FILE)}.`
    : 'Wait until it ends, or interrupt it (Ctrl-C, or kill -TERM).';
  return new RecodiError(
    'usage',
    `${folder}: process ${holder?.pid} on ${holder?.host} works on this run since ${holder?.since}. ${advice}`,
  );
}

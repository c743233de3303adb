/**
 * A training's parent process. Worker threads share their process with the native engine, so a native crash (SIGSEGV, SIGABRT)
 * takes everything with it; only another process can go on from there. The parent does no work: it starts the same command as
 * its child, hands on SIGINT and SIGTERM, and ends as the child ends, by the same exit code or the same signal; the child
 * has the terminal. Where the child crashed, the parent resumes the run from its last checkpoint, and stops after three
 * crashes without a new one. Where the parent is killed, the child ends at once (supervised.ts). A kill is no crash.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { newestFolder } from '../run/checkpoint.ts';
import type { CommonOptions } from './command.ts';
import type { ResumeOptions } from './start.ts';
import { type Announcement, SUPERVISED } from './supervised.ts';

const CRASHES: readonly NodeJS.Signals[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP'];
const HANDED_ON = { SIGINT: 130, SIGTERM: 143 } as const;
const MOST_CRASHES = 3;
/** As for an internal error. */
const FAILED = 1;
const SHOW_CURSOR = '\x1b[?25h';

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The run's folder, once the child has it. */
  readonly run: string | undefined;
}

export interface SuperviseOptions extends CommonOptions, ResumeOptions {
  /** The child's results go nowhere. */
  readonly quiet?: boolean;
}

/** Runs the command line `args` in a child; the exit code to end with. Does not return where the child died by a signal that is no crash. */
export async function supervise(args: readonly string[], options: SuperviseOptions): Promise<number> {
  let interrupted: number | undefined;
  let child: ChildProcess | undefined;
  const handOn = (name: keyof typeof HANDED_ON) => {
    interrupted = HANDED_ON[name];
    child?.kill(name);
  };
  const names = Object.keys(HANDED_ON) as (keyof typeof HANDED_ON)[];
  for (const name of names) process.on(name, handOn);
  let next = args;
  let folder: string | undefined;
  let reached: string | undefined;
  let crashes = 0;
  try {
    for (;;) {
      child = start(next, options);
      const { code, signal, run } = await ended(child);
      folder = run ?? folder;
      if (signal === null) return code ?? FAILED;
      if (!CRASHES.includes(signal)) {
        if (signal === 'SIGKILL')
          say(`killed from outside (SIGKILL; the system does so when memory runs out).${goOn(folder)}`);
        for (const name of names) process.off(name, handOn);
        return await dieBy(signal);
      }
      if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
      if (interrupted !== undefined) return interrupted;
      if (folder === undefined) {
        say(`the process crashed (${signal}) before it had a run to go on with.`);
        return FAILED;
      }
      const last = lastCheckpoint(folder);
      crashes = last === reached ? crashes + 1 : 1;
      reached = last;
      const from = last === undefined ? 'the beginning (there is no checkpoint yet)' : last;
      if (crashes === MOST_CRASHES) {
        say(
          `crashed ${MOST_CRASHES} times (${signal}) without a new checkpoint. The last good one is ${last ?? 'none'}.${goOn(folder)}`,
        );
        return FAILED;
      }
      say(`the process crashed (${signal}); going on from ${from}.`);
      next = resumeArguments(folder, options);
    }
  } finally {
    for (const name of names) process.off(name, handOn);
  }
}

/** `recodi resume FOLDER` with those options of the command that a resumed run takes. */
export function resumeArguments(folder: string, options: CommonOptions & ResumeOptions): string[] {
  const { json, debug, workers, device, checkpointEvery, checkpointMinutes } = options;
  const flags = { '--no-eval': options.eval === false, '--json': json, '--debug': debug };
  const values = {
    '--workers': workers,
    '--device': device,
    '--checkpoint-every': checkpointEvery,
    '--checkpoint-minutes': checkpointMinutes,
  };
  return [
    'resume',
    folder,
    ...Object.entries(flags).flatMap(([name, given]) => (given ? [name] : [])),
    ...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)])),
  ];
}

function start(args: readonly string[], { quiet = false }: SuperviseOptions): ChildProcess {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const given = [...args.slice(0, end), SUPERVISED, ...args.slice(end)];
  return fork(process.argv[1]!, given, { stdio: ['inherit', quiet ? 'ignore' : 'inherit', 'inherit', 'ipc'] });
}

async function ended(child: ChildProcess): Promise<Ending> {
  let run: string | undefined;
  child.on('message', (message: Announcement) => {
    run = message.run;
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal, run };
}

function lastCheckpoint(run: string): string | undefined {
  const folder = newestFolder(join(run, 'checkpoints'));
  return folder && relative('.', folder);
}

const goOn = (run: string | undefined) =>
  run === undefined ? '' : ` Go on with \`recodi resume ${relative('.', run)}\`.`;

function say(sentence: string): void {
  process.stderr.write(`recodi: ${sentence}\n`);
}

/** Ends this process as the child ended; the first process of a container cannot die so, and exits as a shell would say it. */
async function dieBy(signal: NodeJS.Signals): Promise<number> {
  process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}

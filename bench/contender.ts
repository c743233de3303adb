/**
 * A process that measures when asked: recodi's own (serve.ts) or a peer in Python. Both answer each line with one of JSON.
 * Its standard error is kept, so that a process that dies says why.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Device } from '../src/tensor/devices.ts';
import { RecodiError } from '../src/tensor/errors.ts';
import type { Line } from './serve.ts';
import type { SizeName } from './size.ts';
import type { Peer } from './variant.ts';

export interface Contender {
  measure(): Promise<Line>;
  close(): Promise<void>;
}

const KEPT = 2000;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Recodi's process for a variant such as `decode:1`; warm when this resolves. `profiles`: the folder in which it leaves them. */
export function ownContender(
  reference: string,
  size: SizeName,
  device: Device = 'onnx',
  profiles?: string,
): Promise<Contender> {
  const loader = ['--import', import.meta.resolve('tsx')];
  const asked = ['--serve', reference, '--size', size, '--device', device];
  return open(reference, process.execPath, [...loader, here('./main.ts'), ...asked], profiles);
}

/** A peer's process; warm when this resolves. `burst`: measurements per line. */
export function peerContender(python: string, { script, options }: Peer, burst: number): Promise<Contender> {
  const given = Object.entries({ ...options, repeats: burst }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return open(`peer ${script}`, python, ['-B', here(`./peers/${script}.py`), '--serve', ...given]);
}

/** The version of a module that `python` has, or a sentence that says why there is none. */
export async function moduleOf(python: string, module: string): Promise<{ version: string } | { missing: string }> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', `import ${module}; print(${module}.__version__)`]);
    return { version: stdout.trim() };
  } catch (error) {
    const { code } = error as { code?: unknown };
    const why = code === 'ENOENT' ? `there is no ${python} here` : `${python} has no ${module}`;
    return { missing: `Not measured: ${why}. Name one that has it with --python.` };
  }
}

/** Starts a process and has it measure once, for nothing: whoever is measured next has the machine to itself. */
async function open(name: string, command: string, args: readonly string[], profiles?: string): Promise<Contender> {
  const env = { ...process.env, ...(profiles && { RECODI_PROFILE: profiles }) };
  const child = spawn(command, [...args], { stdio: 'pipe', env });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    complaint = (complaint + text).slice(-KEPT);
  });
  const ended = once(child, 'close').then(
    ([code]) => `it ended with code ${code}`,
    (error: Error) => error.message,
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const measure = async (): Promise<Line> => {
    child.stdin.write('\n');
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value) as Line;
    throw new RecodiError('internal', `the process that measures ${name} gave no result: ${await ended}\n${complaint}`);
  };
  child.stdin.on('error', () => {});
  await measure();
  return { measure, close: () => close(child, ended) };
}

async function close(child: ChildProcessWithoutNullStreams, ended: Promise<unknown>): Promise<void> {
  child.stdin.end();
  await ended;
}

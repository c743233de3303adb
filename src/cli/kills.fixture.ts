/**
 * Exact resume under fire: a training is killed, crashed and interrupted at seeded points, again and again, and resumed each time;
 * what it ends with must be, byte for byte, what a training that nobody disturbed has. Points are writes (torn ones too) and
 * moments of computing; the number of workers changes from start to start.
 */
import { isDeepStrictEqual } from 'node:util';
import { integer, stream } from '../run/random.ts';
import { type Ended, type Fault, newRuns, type Runs, recodi, wasBegun } from './runs.fixture.ts';

const HOWS = ['kill', 'kill', 'kill', 'abort', 'SIGINT', 'SIGTERM', 'twice'] as const;
/** A training has about so many writes, and so many milliseconds, from its begin to its end. */
const [MOST_WRITES, LEAST_CPU, MOST_CPU] = [300, 500, 4000];
const EXITS: Readonly<Record<string, readonly (number | string | null)[]>> = {
  kill: ['SIGKILL'],
  abort: ['SIGABRT'],
  // Before there is anything to finish, a signal ends the process by itself.
  SIGINT: [130, 'SIGINT'],
  SIGTERM: [143, 'SIGTERM'],
  twice: [143, 'SIGTERM'],
};

export interface Fire {
  readonly kills: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

function drawFault(seed: number, kill: number): Fault & { readonly workers: number } {
  const rng = stream(seed, 'kills', kill);
  const how = HOWS[integer(rng, HOWS.length)]!;
  const workers = rng() < 0.25 ? 2 : 1;
  if (rng() < 0.6) return { how, workers, write: 1 + integer(rng, MOST_WRITES) };
  return { how, workers, cpu: LEAST_CPU + integer(rng, MOST_CPU - LEAST_CPU) };
}

export interface Survived {
  /** Trainings finished. */
  readonly finished: number;
  /** What ended processes: a fault that is due after the end of a training ends none. */
  readonly struck: ReadonlySet<string>;
}

/** Throws where a process ended otherwise than it was made to, or a training came to another outcome. */
export async function underFire({ kills, seed, say = () => {} }: Fire): Promise<Survived> {
  const runs = await newRuns();
  demand(await recodi(runs.train('whole', '--workers', '1', '--no-supervise')), [0], 'undisturbed');
  const whole = runs.outcome('whole');
  const struck = new Set<string>();
  let training = 0;
  for (let kill = 0; kill < kills; kill++) {
    const { workers, ...fault } = drawFault(seed, kill);
    const name = `run${training}`;
    const ended = await recodi(command(runs, name, workers), fault);
    const what = `kill ${kill} of seed ${seed} (${JSON.stringify(fault)}, ${workers} workers, ${name})`;
    demand(ended, [0, ...EXITS[fault.how]!], what);
    say(`${what}: ${ended.signal ?? ended.code}`);
    if (ended.code !== 0) {
      struck.add(fault.how);
      continue;
    }
    compare(runs, name, whole, what);
    training++;
  }
  const last = `run${training}`;
  demand(await recodi(command(runs, last, 1)), [0], `the end of ${last}`);
  compare(runs, last, whole, `after kill ${kills - 1} of seed ${seed}`);
  return { finished: training + 1, struck };
}

function command(runs: Runs, name: string, workers: number): string[] {
  const more = ['--workers', String(workers), '--no-supervise'];
  return wasBegun(runs, name) ? runs.resume(name, ...more) : runs.train(name, ...more);
}

function demand({ code, signal, stderr }: Ended, allowed: readonly (number | string | null)[], what: string): void {
  if (!allowed.includes(signal ?? code))
    throw new Error(`${what}: ended by ${signal ?? code}, expected ${allowed.join(' or ')}\n${stderr}`);
}

function compare(runs: Runs, name: string, whole: Readonly<Record<string, unknown>>, what: string): void {
  const outcome = runs.outcome(name);
  for (const [part, value] of Object.entries(whole))
    if (!isDeepStrictEqual(outcome[part], value)) throw new Error(`${what}: other ${part} than undisturbed`);
  const left = runs.leftovers(name);
  if (left.length > 0) throw new Error(`${what}: left ${left.join(', ')}`);
}

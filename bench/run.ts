/**
 * The rounds of a benchmark. All variants of a case are measured in turns, recodi and its peers alternating, and the machine's limits
 * with them: what slows the machine for a while slows all alike. A round's order is the reverse of the one before.
 */
import type { Device } from '../src/tensor/devices.ts';
import { CASES, type CaseName } from './cases/index.ts';
import { type Contender, ownContender, peerContender } from './contender.ts';
import type { Line } from './serve.ts';
import { SIZES, type SizeName } from './size.ts';
import { median, medianRatio } from './statistics.ts';
import type { Variant } from './variant.ts';

export interface Request {
  readonly cases: readonly CaseName[];
  /** Rounds. */
  readonly repeats: number;
  readonly size: SizeName;
  /** A Python with torch; absent = no peers. */
  readonly python?: string;
  /** Which of the others it can run, by name. */
  readonly others?: readonly string[];
  /** Measured beside the one that recodi uses. */
  readonly device?: { readonly device: Device; readonly version: string };
  readonly onCase?: (name: CaseName) => void;
}

export interface Measured {
  /** Median of the rounds' medians, least and most of all. */
  readonly ms: { readonly median: number; readonly min: number; readonly max: number };
  /** Each round's median. */
  readonly rounds: readonly number[];
  /** Medians of the parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Threads that were busy, on average. */
  readonly cores: number;
  /** The limit over the time taken: the median of the rounds, each with the machine's limits of that round. */
  readonly efficiency: number;
  readonly peakMb: number;
  /** Of that, files that are mapped. */
  readonly sharedMb?: number;
}

/** The least milliseconds that the necessary work takes on this machine, and what they go by. */
export interface Limit {
  readonly ms: number;
  readonly by: 'arithmetic' | 'memory';
}

export interface Row {
  readonly case: CaseName;
  readonly label: string;
  readonly threads: number;
  /** Necessary FLOP of one repeat. */
  readonly flops: number;
  readonly limit: Limit;
  readonly recodi: Measured;
  readonly pytorch?: Measured;
  /** PyTorch's time over recodi's: the median of the rounds. */
  readonly ratio?: number;
  /** Other peers, and recodi on another device. */
  readonly others: Readonly<Record<string, Measured>>;
  /** Per second, by what it is a number of. */
  readonly rate: Readonly<Record<string, number>>;
  /** Milliseconds to record, lower and start all sessions of a thread. */
  readonly sessionMs: number;
}

interface Rate {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** FLOP/s of one thread: alone, and while another computes too. Bytes/s of one thread. */
export interface Peak {
  readonly alone: Rate;
  readonly together: number;
  readonly memory: Rate;
}

export interface Result {
  readonly peak: Peak;
  readonly rows: readonly Row[];
}

type Rounds = Line[];

/** What the machine can do, measured in every round. */
interface Machine {
  readonly alone: Rounds;
  readonly together: Rounds;
  readonly memory: Rounds;
}

interface Found {
  readonly name: CaseName;
  readonly index: number;
  readonly machine: Machine;
  readonly own: Rounds;
  readonly peer: Rounds;
  readonly others: Record<string, Rounds>;
}

export async function runBench(request: Request): Promise<Result> {
  const { python, size, device } = request;
  const machines: Machine[] = [];
  const found: Found[] = [];
  const opened: Contender[] = [];
  const keep = async (pending: Promise<Contender>) => {
    const contender = await pending;
    opened.push(contender);
    return contender;
  };
  try {
    const alone = await keep(ownContender('peak:0', size));
    const together = await keep(ownContender('peak:1', size));
    const memory = await keep(ownContender('memory:0', size));
    const always = opened.length;
    for (const name of request.cases) {
      request.onCase?.(name);
      const turns: (() => Promise<void>)[] = [];
      const turn = (contender: Contender, into: Rounds) =>
        turns.push(async () => void into.push(await contender.measure()));
      const machine: Machine = { alone: [], together: [], memory: [] };
      machines.push(machine);
      turn(alone, machine.alone);
      turn(together, machine.together);
      turn(memory, machine.memory);
      for (const [index, { peer, others = {}, burst }] of variantsOf(name, size).entries()) {
        const rounds: Found = { name, index, machine, own: [], peer: [], others: {} };
        found.push(rounds);
        turn(await keep(ownContender(`${name}:${index}`, size)), rounds.own);
        if (peer && python) turn(await keep(peerContender(python, peer, burst)), rounds.peer);
        const beside = async (who: string, contender: Promise<Contender>) => {
          const into: Rounds = [];
          rounds.others[who] = into;
          turn(await keep(contender), into);
        };
        for (const [who, other] of Object.entries(others))
          if (python && request.others?.includes(who)) await beside(who, peerContender(python, other, 1));
        if (device)
          await beside(
            `recodi on ${device.device} (${device.version})`,
            ownContender(`${name}:${index}`, size, device.device),
          );
      }
      for (let round = 0; round < request.repeats; round++) {
        for (const take of round % 2 === 0 ? turns : turns.toReversed()) await take();
      }
      await Promise.all(opened.splice(always).map(contender => contender.close()));
    }
  } finally {
    await Promise.all(opened.map(contender => contender.close()));
  }
  return { peak: peakOf(machines), rows: found.map(rounds => rowOf(rounds, size)) };
}

const variantsOf = (name: CaseName, size: SizeName): readonly Variant[] => CASES[name](SIZES[size]);

function peakOf(machines: readonly Machine[]): Peak {
  const rate = (of: keyof Machine, made: 'flops' | 'bytes'): Rate => {
    const rates = (pick: 'median' | 'min' | 'max') =>
      machines.flatMap(machine => machine[of].map(line => perSecond(line, made, pick)));
    return {
      median: median(rates('median')),
      min: Math.min(...rates('max')),
      max: Math.max(...rates('min')),
    };
  };
  return {
    alone: rate('alone', 'flops'),
    together: rate('together', 'flops').median / 2,
    memory: rate('memory', 'bytes'),
  };
}

const perSecond = (line: Line, made: 'flops' | 'bytes', pick: 'median' | 'min' | 'max' = 'median') =>
  (1e3 * line[made]!) / line.ms.total![pick];

/** One for each round. */
function limitsOf({ own, machine }: Found, threads: number): Limit[] {
  return own.map(({ flops, bytes }, round) => {
    const arithmetic = (1e3 * flops!) / (perSecond(machine.alone[round]!, 'flops') * threads);
    const moving = (1e3 * bytes!) / perSecond(machine.memory[round]!, 'bytes');
    return moving > arithmetic ? { ms: moving, by: 'memory' } : { ms: arithmetic, by: 'arithmetic' };
  });
}

function rowOf(found: Found, size: SizeName): Row {
  const { name, index, own, peer, others } = found;
  const { label, threads, makes } = variantsOf(name, size)[index]!;
  const limits = limitsOf(found, threads);
  const recodi = measured(own, limits);
  const pytorch = peer.length > 0 ? measured(peer, limits) : undefined;
  return {
    case: name,
    label,
    threads,
    flops: median(own.map(line => line.flops!)),
    limit: { ms: median(limits.map(({ ms }) => ms)), by: limits.at(-1)!.by },
    recodi,
    ...(pytorch && { pytorch, ratio: medianRatio(pytorch.rounds, recodi.rounds) }),
    others: Object.fromEntries(Object.entries(others).map(([who, rounds]) => [who, measured(rounds, limits)])),
    rate: Object.fromEntries(Object.entries(makes).map(([what, count]) => [what, (1e3 * count) / recodi.ms.median])),
    sessionMs: own.at(-1)!.session_ms!,
  };
}

function measured(rounds: Rounds, limits: readonly Limit[]): Measured {
  const middle = (part: string) => median(rounds.map(line => line.ms[part]!.median));
  const parts = Object.keys(rounds[0]!.ms).filter(part => part !== 'total' && part !== 'cpu');
  const times = rounds.map(line => line.ms.total!.median);
  const total = median(times);
  const sharedMb = rounds.at(-1)!.shared_mb;
  return {
    ms: {
      median: total,
      min: Math.min(...rounds.map(line => line.ms.total!.min)),
      max: Math.max(...rounds.map(line => line.ms.total!.max)),
    },
    rounds: times,
    parts: Object.fromEntries(parts.map(part => [part, middle(part)])),
    cores: middle('cpu') / total,
    efficiency: medianRatio(
      limits.map(({ ms }) => ms),
      times,
    ),
    peakMb: Math.max(...rounds.map(line => line.peak_rss_mb)),
    ...(sharedMb !== undefined && { sharedMb }),
  };
}

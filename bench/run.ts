/**
 * The rounds of a benchmark. All variants of a case are measured in turns, recodi and PyTorch alternating, and the machine's peak
 * with them: what slows the machine for a while slows all alike. A round's order is the reverse of the one before.
 */
import { CASES, type CaseName } from './cases/index.ts';
import { type Contender, ownContender, peerContender } from './contender.ts';
import type { Line } from './serve.ts';
import { SIZES, type SizeName } from './size.ts';
import { median } from './statistics.ts';

export interface Request {
  readonly cases: readonly CaseName[];
  /** Rounds. */
  readonly repeats: number;
  readonly size: SizeName;
  /** A Python with torch; absent = no peers. */
  readonly python?: string;
  readonly onCase?: (name: CaseName) => void;
}

export interface Measured {
  /** Median of the rounds' medians, least and most of all. */
  readonly ms: { readonly median: number; readonly min: number; readonly max: number };
  /** Medians of the parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Threads that were busy, on average. */
  readonly cores: number;
  /** Necessary FLOP / (peak · threads · wall). */
  readonly efficiency: number;
  readonly peakMb: number;
}

export interface Row {
  readonly case: CaseName;
  readonly label: string;
  readonly threads: number;
  /** Necessary FLOP of one repeat. */
  readonly flops: number;
  readonly recodi: Measured;
  readonly pytorch?: Measured;
  /** PyTorch's median over recodi's. */
  readonly ratio?: number;
  /** Per second, by what it is a number of. */
  readonly rate: Readonly<Record<string, number>>;
  /** Milliseconds to record, lower and start all sessions of a thread. */
  readonly sessionMs: number;
}

/** FLOP/s of one thread: alone, and while another computes too. */
export interface Peak {
  readonly alone: { readonly median: number; readonly min: number; readonly max: number };
  readonly together: number;
}

export interface Result {
  readonly peak: Peak;
  readonly rows: readonly Row[];
}

type Rounds = Line[];

export async function runBench(request: Request): Promise<Result> {
  const peaks = { alone: [] as Rounds, together: [] as Rounds };
  const found: { name: CaseName; index: number; own: Rounds; peer: Rounds }[] = [];
  const opened: Contender[] = [];
  const keep = async (pending: Promise<Contender>) => {
    const contender = await pending;
    opened.push(contender);
    return contender;
  };
  try {
    const alone = await keep(ownContender('peak:0', request.size));
    const together = await keep(ownContender('peak:1', request.size));
    const machine = opened.length;
    for (const name of request.cases) {
      request.onCase?.(name);
      const turns: (() => Promise<void>)[] = [];
      const turn = (contender: Contender, into: Rounds) =>
        turns.push(async () => void into.push(await contender.measure()));
      turn(alone, peaks.alone);
      turn(together, peaks.together);
      for (const [index, { peer, burst }] of CASES[name](SIZES[request.size]).entries()) {
        const rounds = { name, index, own: [] as Rounds, peer: [] as Rounds };
        found.push(rounds);
        turn(await keep(ownContender(`${name}:${index}`, request.size)), rounds.own);
        if (peer && request.python) turn(await keep(peerContender(request.python, peer, burst)), rounds.peer);
      }
      for (let round = 0; round < request.repeats; round++) {
        for (const take of round % 2 === 0 ? turns : turns.toReversed()) await take();
      }
      await Promise.all(opened.splice(machine).map(contender => contender.close()));
    }
  } finally {
    await Promise.all(opened.map(contender => contender.close()));
  }
  const peak = peakOf(peaks);
  return { peak, rows: found.map(rounds => rowOf(rounds, request.size, peak)) };
}

function peakOf({ alone, together }: { alone: Rounds; together: Rounds }): Peak {
  const rates = (rounds: Rounds, pick: 'median' | 'min' | 'max') =>
    rounds.map(line => (1e3 * line.flops!) / line.ms.total![pick]);
  return {
    alone: {
      median: median(rates(alone, 'median')),
      min: Math.min(...rates(alone, 'max')),
      max: Math.max(...rates(alone, 'min')),
    },
    together: median(rates(together, 'median')) / 2,
  };
}

function rowOf(
  { name, index, own, peer }: { name: CaseName; index: number; own: Rounds; peer: Rounds },
  size: SizeName,
  peak: Peak,
): Row {
  const { label, threads, makes } = CASES[name](SIZES[size])[index]!;
  const flops = median(own.map(line => line.flops!));
  const limit = (flops / (peak.alone.median * threads)) * 1e3;
  const recodi = measured(own, limit);
  const pytorch = peer.length > 0 ? measured(peer, limit) : undefined;
  return {
    case: name,
    label,
    threads,
    flops,
    recodi,
    ...(pytorch && { pytorch, ratio: pytorch.ms.median / recodi.ms.median }),
    rate: Object.fromEntries(Object.entries(makes).map(([what, count]) => [what, (1e3 * count) / recodi.ms.median])),
    sessionMs: own.at(-1)!.session_ms!,
  };
}

/** `limit`: the fewest milliseconds that the work could take. */
function measured(rounds: Rounds, limit: number): Measured {
  const middle = (part: string) => median(rounds.map(line => line.ms[part]!.median));
  const parts = Object.keys(rounds[0]!.ms).filter(part => part !== 'total' && part !== 'cpu');
  const total = middle('total');
  return {
    ms: {
      median: total,
      min: Math.min(...rounds.map(line => line.ms.total!.min)),
      max: Math.max(...rounds.map(line => line.ms.total!.max)),
    },
    parts: Object.fromEntries(parts.map(part => [part, middle(part)])),
    cores: middle('cpu') / total,
    efficiency: limit / total,
    peakMb: Math.max(...rounds.map(line => line.peak_rss_mb)),
  };
}

/** The one table of a run, and the machine above it. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { formatTable } from '../src/cli/table.ts';
import type { Measured, Result, Row } from './run.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly torch?: string;
  /** As `git describe` names it; absent outside of a repository. */
  readonly commit?: string;
  /** Cores that others kept busy before anything was measured. */
  readonly busy: number;
}

export async function machine(torch?: string): Promise<Machine> {
  const commit = describe();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    ...(torch && { torch }),
    ...(commit && { commit }),
    busy: await busyCores(),
  };
}

/** Looks for as long as this, in milliseconds. */
const LOOK = 1500;

async function busyCores(): Promise<number> {
  const idle = () => cpus().reduce((sum, { times }) => sum + times.idle, 0);
  const [before, started] = [idle(), performance.now()];
  await delay(LOOK);
  return Math.max(0, cpus().length - (idle() - before) / (performance.now() - started));
}

function describe(): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: import.meta.dirname,
      stdio: [...stdio],
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}

/** More busy cores than this before the start, and the figures are of a busy machine. */
const BUSY = 0.2;

const HEAD = [
  'case',
  'threads',
  'GFLOP',
  'recodi ms',
  'efficiency',
  'PyTorch ms',
  'efficiency',
  'ratio',
  'per second',
  'cores',
  'MB',
  'PyTorch MB',
  'start ms',
];

export function reportText({ peak, rows }: Result, on: Machine): string {
  return [
    ...machineLines(peak, on),
    ...(on.busy > BUSY
      ? [`Others kept ${on.busy.toFixed(1)} cores busy before the start: measure again when they are done.`]
      : []),
    '',
    formatTable(HEAD, rows.map(cells)),
    ...scaling(rows),
  ].join('\n');
}

const MARK = '<!-- What follows is written by npm run bench. -->';

/** A page whose words stay, with the run's table below them. */
export function withReport(page: string, { peak, rows }: Result, on: Machine): string {
  const [words] = page.split(MARK);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [about, rate] = machineLines(peak, on);
  const table = [line(HEAD), line(HEAD.map(() => '---')), ...rows.map(row => line(cells(row)))];
  return `${words}${MARK}\n\n${about}; ${rate}.\n\n${table.join('\n')}\n\n${scaling(rows).join('\n')}`;
}

function machineLines({ alone, together }: Result['peak'], on: Machine): [string, string] {
  const giga = (flops: number) => (flops / 1e9).toFixed(0);
  const versions = [
    `Node ${on.node}`,
    ...(on.torch ? [`torch ${on.torch}`] : []),
    ...(on.commit ? [`commit ${on.commit}`] : []),
  ];
  return [
    `${on.cpu}, ${on.cores} cores; ${versions.join(', ')}`,
    `float32 matmul of one thread: ${giga(alone.median)} GFLOP/s (${giga(alone.min)}–${giga(alone.max)}); of each of two at once: ${giga(together)}`,
  ];
}

function cells({ label, threads, flops, recodi, pytorch, ratio, rate, sessionMs }: Row): string[] {
  const rates = Object.entries(rate).map(([what, value]) => `${rounded(value)} ${what}`);
  return [
    label,
    String(threads),
    (flops / 1e9).toPrecision(3),
    time(recodi),
    recodi.efficiency.toFixed(2),
    pytorch ? time(pytorch) : '',
    pytorch ? pytorch.efficiency.toFixed(2) : '',
    ratio === undefined ? '' : ratio.toFixed(2),
    rates.join(', '),
    recodi.cores.toFixed(2),
    String(recodi.peakMb),
    pytorch ? String(pytorch.peakMb) : '',
    String(sessionMs),
  ];
}

const time = ({ ms }: Measured) => `${rounded(ms.median)} (${rounded(ms.min)}–${rounded(ms.max)})`;

/** Three digits, at most. */
const rounded = (value: number) => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3));

/** How much faster several workers are than one, where a case was measured with both. */
function scaling(rows: readonly Row[]): string[] {
  return rows
    .filter(row => row.threads > 1)
    .flatMap(row => {
      const single = rows.find(other => other.case === row.case && other.threads === 1);
      if (!single) return [];
      const times = (single.recodi.ms.median / row.recodi.ms.median).toFixed(2);
      const peers =
        single.pytorch && row.pytorch
          ? `; PyTorch: ${(single.pytorch.ms.median / row.pytorch.ms.median).toFixed(2)}`
          : '';
      return [`${row.label}: ${row.threads} workers over 1: ${times}${peers}\n`];
    });
}

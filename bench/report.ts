/** The one table of a run, and the machine above it. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { formatTable } from '../src/cli/table.ts';
import type { Measured, Result, Row } from './run.ts';
import { medianRatio } from './statistics.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Versions of what peers compute with, by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** As `git describe` names it; absent outside of a repository. */
  readonly commit?: string;
  /** Cores that others kept busy before anything was measured. */
  readonly busy: number;
}

export async function machine(modules: Machine['modules'] = {}): Promise<Machine> {
  const commit = describe();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    modules,
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
  'limit ms',
  'recodi ms',
  'efficiency',
  'PyTorch ms',
  'efficiency',
  'ratio',
  'per second',
  'cores',
  'MB (mapped)',
  'PyTorch MB (mapped)',
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
    ...comparisons(rows),
  ].join('\n');
}

const MARK = '<!-- What follows is written by npm run bench. -->';

/** A page whose words stay, with the run's table below them. */
export function withReport(page: string, { peak, rows }: Result, on: Machine): string {
  const [words] = page.split(MARK);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const machine = machineLines(peak, on).join('; ');
  const table = [line(HEAD), line(HEAD.map(() => '---')), ...rows.map(row => line(cells(row)))];
  const below = [...scaling(rows), ...comparisons(rows)].map(line => `\n${line}\n`).join('');
  return `${words}${MARK}\n\n${machine}.\n\n${table.join('\n')}\n${below}`;
}

function machineLines({ alone, together, memory }: Result['peak'], on: Machine): string[] {
  const giga = (rate: number) => (rate / 1e9).toFixed(0);
  const versions = [
    `Node ${on.node}`,
    ...Object.entries(on.modules).map(pair => pair.join(' ')),
    ...(on.commit ? [`commit ${on.commit}`] : []),
  ];
  return [
    `${on.cpu}, ${on.cores} cores; ${versions.join(', ')}`,
    `float32 matmul of one thread: ${giga(alone.median)} GFLOP/s (${giga(alone.min)}–${giga(alone.max)}); of each of two at once: ${giga(together)}`,
    `memory: one thread copies ${giga(memory.median)} GB/s (${giga(memory.min)}–${giga(memory.max)}), bytes read and written`,
  ];
}

function cells({ label, threads, flops, limit, recodi, pytorch, ratio, rate, sessionMs }: Row): string[] {
  const rates = Object.entries(rate).map(([what, value]) => `${rounded(value)} ${what}`);
  return [
    label,
    String(threads),
    (flops / 1e9).toPrecision(3),
    `${rounded(limit.ms)}${limit.by === 'memory' ? ' (memory)' : ''}`,
    time(recodi),
    recodi.efficiency.toFixed(2),
    pytorch ? time(pytorch) : '',
    pytorch ? pytorch.efficiency.toFixed(2) : '',
    ratio === undefined ? '' : ratio.toFixed(2),
    rates.join(', '),
    recodi.cores.toFixed(2),
    megabytes(recodi),
    pytorch ? megabytes(pytorch) : '',
    String(sessionMs),
  ];
}

const megabytes = ({ peakMb, sharedMb }: Measured) => `${peakMb}${sharedMb === undefined ? '' : ` (${sharedMb})`}`;

const time = ({ ms }: Measured) => `${rounded(ms.median)} (${rounded(ms.min)}–${rounded(ms.max)})`;

/** Three digits, at most. */
const rounded = (value: number) => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3));

/** How much faster several workers are than one, where a case was measured with both. */
function scaling(rows: readonly Row[]): string[] {
  return rows
    .filter(row => row.threads > 1)
    .flatMap(row => {
      const single = rows.find(other => other.label === row.label && other.threads === 1);
      if (!single) return [];
      const times = medianRatio(single.recodi.rounds, row.recodi.rounds).toFixed(2);
      const peers =
        single.pytorch && row.pytorch
          ? `; PyTorch: ${medianRatio(single.pytorch.rounds, row.pytorch.rounds).toFixed(2)}`
          : '';
      return [`${row.label}: ${row.threads} workers over 1: ${times}${peers}`];
    });
}

/** What others than PyTorch take for the same, one line each. */
function comparisons(rows: readonly Row[]): string[] {
  return rows.flatMap(({ label, threads, recodi, others }) =>
    Object.entries(others).map(([who, other]) => {
      const ratio = medianRatio(other.rounds, recodi.rounds).toFixed(2);
      return `${label}, ${threads} thread${threads > 1 ? 's' : ''}: ${who} takes ${time(other)} ms and ${megabytes(other)} MB: ratio ${ratio}`;
    }),
  );
}

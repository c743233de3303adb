/**
 * A process that measures one variant, by the peers' protocol: it warms up, then prints one line of JSON for every line that it
 * reads, until its input ends. Between lines it computes nothing, so that others can be measured in turns.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Device } from '../src/tensor/devices.ts';
import { startSampling, writeSamples } from './sampler.ts';
import { median } from './statistics.ts';
import type { Subject, Variant, Work } from './variant.ts';

/** Milliseconds of one burst. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What peers print too, with `flops` and `session_ms` beside it. */
export interface Line {
  /** `total`, `cpu` (the time of all threads), and the parts. */
  readonly ms: Readonly<Record<string, Spread>>;
  readonly peak_rss_mb: number;
  /** Of the memory at its end: files that are mapped (weights, programs), which processes hold together. */
  readonly shared_mb?: number;
  readonly flops?: number;
  readonly bytes?: number;
  readonly session_ms?: number;
  readonly torch?: string;
}

const WARM_UP = 3;

export async function serve(variant: Variant, device: Device, warmUp = WARM_UP): Promise<void> {
  const { RECODI_PROFILE: profiles } = process.env;
  const subject = await variant.create(device);
  for (let i = 0; i < warmUp; i++) await subject.once();
  const stopSampling = profiles ? await startSampling() : undefined;
  let sampled = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measure(subject, variant.burst))}\n`);
    sampled += variant.burst;
  }
  if (profiles && stopSampling)
    writeSamples(profiles, { repeats: warmUp + sampled, sampled, threads: await stopSampling() });
  await subject.close();
}

/** Measures a subject `times` times in a row. */
export async function measure(subject: Subject, times: number): Promise<Line> {
  const laps: Record<string, number>[] = [];
  const [flops, bytes]: [number[], number[]] = [[], []];
  for (let i = 0; i < times; i++) {
    const [before, cpu] = [performance.now(), process.cpuUsage()];
    const work: Work = await subject.once();
    const total = performance.now() - before;
    const { user, system } = process.cpuUsage(cpu);
    laps.push({ ...work.parts, total, cpu: (user + system) / 1000 });
    flops.push(work.flops);
    bytes.push(work.bytes ?? 0);
  }
  const spread = (part: string): Spread => {
    const values = laps.map(lap => lap[part]!);
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  };
  return {
    ms: Object.fromEntries(Object.keys(laps[0]!).map(part => [part, spread(part)])),
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    ...sharedMemory(),
    flops: median(flops),
    bytes: median(bytes),
    session_ms: Math.round(subject.sessionMs()),
  };
}

/** What Linux says of it; nothing elsewhere. */
function sharedMemory(): Pick<Line, 'shared_mb'> {
  if (process.platform !== 'linux') return {};
  const status = readFileSync('/proc/self/status', 'utf8');
  const kilobytes = (kind: string) => Number(status.match(`${kind}:\\s+(\\d+)`)?.[1] ?? 0);
  return { shared_mb: Math.round((kilobytes('RssFile') + kilobytes('RssShmem')) / 1024) };
}

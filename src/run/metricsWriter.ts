/**
 * Writes a run's metrics: metrics.jsonl, which is the truth, and the same numbers for TensorBoard. A line is
 * `{phase, update, ...metrics}`; names that are not in the table of `metrics.ts` are refused, so that the table stays
 * whole. On resume, lines beyond the checkpoint are dropped (they will be written again), and the event file is made
 * anew from the lines that stay.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RecodiError } from './errors.ts';
import { onFile } from './files.ts';
import { type JsonRecord, openJsonl, readJsonl } from './jsonl.ts';
import { metricRow } from './metrics.ts';
import type { RunPaths } from './paths.ts';
import { EVENT_FILE, openEvents } from './tensorboard.ts';

/** The main phase, whose metrics keep their plain names in TensorBoard. */
const MAIN_PHASE = 'ppo';

export type Metrics = Readonly<Record<string, number>>;

/** A place in a run: `update` updates of `phase` are done. */
export interface Position {
  readonly phase: string;
  readonly update: number;
}

export interface MetricsWriter {
  /** `update` counts from 1 within its phase; 0 is what PPO begins from. */
  write(position: Position, metrics: Metrics): void;
  /** Puts everything on the disk; to be called before a checkpoint is written. */
  sync(): void;
  close(): void;
}

export interface MetricsOptions {
  /** What the checkpoint that the run goes on from has done; lines of that phase beyond it, and of later phases, are dropped. */
  readonly resumeAt?: Position;
  readonly warn?: (message: string) => void;
}

const lineSchema = z.looseObject({ phase: z.string(), update: z.int().min(0) });

/** Lines that say whose numbers they are. @throws RecodiError('input') with file and line for one that does not. */
function readMetrics(path: string) {
  return readJsonl(path).map((record, i) => {
    const { data: line } = lineSchema.safeParse(record);
    if (line) return line;
    throw new RecodiError(
      'input',
      `${path}:${i + 1}: expected {phase, update, …} with a text and a whole number. Take the line out, or start the run anew.`,
    );
  });
}

export function openMetrics(
  paths: Pick<RunPaths, 'folder' | 'metrics'>,
  { resumeAt, warn }: MetricsOptions = {},
): MetricsWriter {
  if (existsSync(paths.metrics)) readMetrics(paths.metrics);
  const lines = openJsonl(paths.metrics, {
    ...(warn ? { warn } : {}),
    ...(resumeAt ? { rewind: keepUntil(resumeAt) } : {}),
  });
  for (const name of readdirSync(paths.folder).filter(name => name.startsWith(EVENT_FILE)))
    onFile(join(paths.folder, name), () => rmSync(join(paths.folder, name)));
  const events = openEvents(paths.folder);
  const draw = ({ phase, update }: Position, metrics: JsonRecord) => {
    const prefix = phase === MAIN_PHASE ? '' : `${phase}/`;
    const numbers = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    events.scalars(update, Object.fromEntries(numbers.map(([name, value]) => [`${prefix}${name}`, value])));
  };
  for (const { phase, update, ...metrics } of readMetrics(paths.metrics)) draw({ phase, update }, metrics);
  return {
    write(position, metrics) {
      for (const name of Object.keys(metrics))
        if (!metricRow(name))
          throw new RecodiError('internal', `metric "${name}" is not in the table; add it to src/run/metrics.ts.`);
      lines.append({ phase: position.phase, update: position.update, ...metrics });
      draw(position, metrics);
    },
    sync: () => lines.sync(),
    close() {
      lines.close();
      events.close();
    },
  };
}

/** Keeps the lines of earlier phases, and of this phase up to the position. */
export function keepUntil({ phase, update }: Position): (record: Readonly<Record<string, unknown>>) => boolean {
  let reached = false;
  return record => {
    if (record.phase !== phase) return !reached;
    reached = true;
    return (record.update as number) <= update;
  };
}

/**
 * One run folder as the inspector reads it: by its map (src/run/paths.ts) and by nothing that a request says, so no path leaves the
 * folder. Every file is read when first asked for and again when it has changed; a run that is still being written is as good as a
 * finished one. What is missing or broken is an error that names the file and the command that makes it.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Label, labelSchema } from '../labels/schema.ts';
import { sha256 } from '../run/config/pin.ts';
import { CONFIG_LIMIT } from '../run/config/source.ts';
import { RecodiError } from '../run/errors.ts';
import { onFile, readJson, readText } from '../run/files.ts';
import { type JsonRecord, readJsonl } from '../run/jsonl.ts';
import { isHeld } from '../run/lock.ts';
import { runPaths } from '../run/paths.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { type AuditFile, auditSchema } from './auditFile.ts';
import { type EvaluationFile, evaluationSchema } from './evaluationFile.ts';
import { linesFrom } from './jsonlTail.ts';
import { keptPer } from './keptPer.ts';
import type { Sample } from './wire.ts';

/** Of a pinned config what is shown; configs of all kinds and versions have it. */
const configSchema = z.looseObject({
  name: z.string(),
  seed: z.int().optional(),
  ppo: z.looseObject({ updates: z.int() }).optional(),
  eval: z.looseObject({ verdicts: z.looseObject({ swap_gap: z.number().optional() }).optional() }).optional(),
});

export type InspectedConfig = z.infer<typeof configSchema>;

const sampleSchema = z
  .object({ update: z.int(), problem: z.string(), view: z.string(), question: z.string(), text: z.string() })
  .catchall(z.number().nullable())
  .transform(({ update, problem, view, question, text, ...scores }): Sample => {
    return { update, problem, view, question, text, scores };
  });

const targetSchema = z.looseObject({ id: z.string(), lrm_answer: z.string() });

/** What vectors.safetensors holds, [n,d] each. */
export interface LabelVectors {
  readonly d: number;
  readonly targets: Float32Array;
  /** null in labels of a recodi that wrote none. */
  readonly readouts: Float32Array | null;
}

export interface RunReader {
  /** As it was named. */
  readonly folder: string;
  readonly metricsPath: string;
  has(): {
    readonly metrics: boolean;
    readonly evaluation: boolean;
    readonly labels: boolean;
    readonly samples: boolean;
  };
  /** A process works on the run now. */
  isHeld(): boolean;
  config(): InspectedConfig;
  metrics(): { readonly lines: readonly JsonRecord[]; readonly end: number };
  evaluation(): EvaluationFile;
  audit(): AuditFile;
  /** In the order of the file. */
  rows(): readonly Label[];
  /** The same by problem. */
  labels(): ReadonlyMap<string, readonly Label[]>;
  /** Of `rows`. */
  vectors(): LabelVectors;
  samples(): readonly Sample[];
  /** Problem -> the LRM's whole answer; empty where the run has no targets.jsonl. */
  answers(): ReadonlyMap<string, string>;
}

/** @throws RecodiError('input') for a folder that is no run; a run with missing or broken files is opened. */
export function openRuns(folders: readonly string[]): RunReader[] {
  return folders.map(folder => {
    const { config } = runPaths(folder);
    if (existsSync(config)) return readRun(folder);
    throw new RecodiError(
      'input',
      `${folder}: not a run folder (it has no config.yaml); name the folder that \`recodi train\` made.`,
    );
  });
}

function readRun(folder: string): RunReader {
  const paths = runPaths(folder);
  const labelsPath = join(paths.labels, 'labels.jsonl');
  const vectorsPath = join(paths.labels, 'vectors.safetensors');
  const shown = relative('.', paths.folder) || '.';
  const made = (path: string, what: string, command: string) => {
    if (existsSync(path)) return;
    throw new RecodiError(
      'input',
      `${relative('.', path)}: no such file. Make ${what} by \`recodi ${command} ${shown}\`.`,
    );
  };
  const anew = `Make the labels anew by \`recodi label ${shown}\`.`;
  const rows = whenChanged(labelsPath, path => {
    made(path, 'labels', 'label');
    return checked(path, labelSchema, anew);
  });
  return {
    folder: shown,
    metricsPath: paths.metrics,
    has: () => ({
      metrics: existsSync(paths.metrics),
      evaluation: existsSync(paths.evaluation),
      labels: existsSync(labelsPath),
      samples: existsSync(paths.samples),
    }),
    isHeld: () => isHeld(paths.folder),
    config: whenChanged(paths.config, readConfig),
    metrics: whenChanged(paths.metrics, path => {
      made(path, 'metrics', 'resume');
      const { records, end } = linesFrom(path, 0);
      return { lines: records, end };
    }),
    evaluation: whenChanged(paths.evaluation, path => {
      made(path, 'the held-out table', 'eval');
      return readJson(path, evaluationSchema);
    }),
    audit: whenChanged(paths.audit, path => {
      made(path, 'the audit', 'audit');
      return readJson(path, auditSchema);
    }),
    rows,
    labels: () => byProblem(rows()),
    vectors: whenChanged([vectorsPath, labelsPath], () => {
      made(vectorsPath, 'labels', 'label');
      return vectorsOf(vectorsPath, labelsPath, rows().length, anew);
    }),
    samples: whenChanged(paths.samples, path => {
      made(path, 'samples', 'resume');
      return checked(path, sampleSchema, 'They are written while a run trains.');
    }),
    answers: whenChanged(paths.targets, path => {
      if (!existsSync(path)) return new Map<string, string>();
      const rows = readJsonl(path).flatMap(row => targetSchema.safeParse(row).data ?? []);
      return new Map(rows.map(({ id, lrm_answer }) => [id, lrm_answer]));
    }),
  };
}

/** `read` of a file, or of several, or why it cannot be read, kept until a file's size or a time of it is another. */
function whenChanged<T>(paths: string | readonly [string, ...string[]], read: (path: string) => T): () => T {
  const all = typeof paths === 'string' ? ([paths] as const) : paths;
  const [path] = all;
  let kept: { readonly stamp: string; readonly value: () => T } | undefined;
  return () => {
    const stamp = all.map(stampOf).join();
    if (kept?.stamp !== stamp) kept = { stamp, value: outcomeOf(() => read(path)) };
    return kept.value();
  };
}

function stampOf(path: string): string {
  const stat = onFile(path, () => statSync(path, { throwIfNoEntry: false }));
  return stat ? `${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : 'none';
}

/** What comes of it, now, for every time that it is asked for. */
function outcomeOf<T>(read: () => T): () => T {
  try {
    const value = read();
    return () => value;
  } catch (thrown) {
    return () => {
      throw thrown;
    };
  }
}

function readConfig(path: string): InspectedConfig {
  const text = readText(path, CONFIG_LIMIT);
  const parsed = configSchema.safeParse(onYaml(path, () => parse(text, { logLevel: 'error' })));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RecodiError('input', `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'unreadable'}.`);
}

function onYaml(path: string, read: () => unknown): unknown {
  try {
    return onFile(path, read);
  } catch (cause) {
    throw new RecodiError('input', `${path}: not YAML: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}

const byProblem = keptPer((labels: readonly Label[]): ReadonlyMap<string, readonly Label[]> => {
  const found = new Map<string, Label[]>();
  for (const label of labels) {
    const own = found.get(label.problem);
    if (own) own.push(label);
    else found.set(label.problem, [label]);
  }
  return found;
});

/** Vectors of just these labels. `advice` ends the sentence about others. */
function vectorsOf(path: string, labelsPath: string, count: number, advice: string): LabelVectors {
  const { tensors, metadata, read } = openSafetensors(path);
  const refused = (why: string) => new RecodiError('input', `${relative('.', path)}: ${why}. ${advice}`);
  if (metadata.labels_sha256 !== sha256(onFile(labelsPath, () => readFileSync(labelsPath))))
    throw refused('it belongs to other labels than labels.jsonl');
  const [rows, d = 0] = tensors.get('vectors')?.shape ?? [];
  const sized = (name: string) => {
    const shape = tensors.get(name)?.shape ?? [];
    return shape.length === 2 && shape[0] === count && shape[1] === d;
  };
  if (rows !== count || d < 2 || !sized('vectors')) throw refused(`expected \`vectors\` of ${count} rows`);
  const tensor = (name: string) => {
    const values = read(name);
    if (values.every(Number.isFinite)) return values;
    throw refused(`\`${name}\` holds what is no number`);
  };
  return { d, targets: tensor('vectors'), readouts: sized('readouts') ? tensor('readouts') : null };
}

/** The lines of a file, each as its schema says; `advice` ends the sentence about one that is not. */
function checked<T>(path: string, schema: z.ZodType<T>, advice: string): T[] {
  return linesFrom(path, 0).records.map((row, index) => {
    const parsed = schema.safeParse(row);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const key = issue?.path.join('.') || 'the line';
    throw new RecodiError('input', `${relative('.', path)}:${index + 1}: ${key}: ${issue?.message}. ${advice}`);
  });
}

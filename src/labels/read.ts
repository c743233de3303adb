/**
 * Labels as `recodi label` left them: labels.jsonl and the rows of vectors.safetensors that belong to it, checked before anybody learns
 * from them. A broken row is left out, with a sentence that says which; files that do not belong together are refused, since then no row
 * can be trusted. Rows that stay keep their order, so row i of the vectors is of label i.
 */
import { constants } from 'node:buffer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../run/config/pin.ts';
import { RecodiError, show } from '../run/errors.ts';
import { readText } from '../run/files.ts';
import { gather } from '../tensor/rows.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { type Label, labelSchema } from './schema.ts';

/** Names in the folder of labels. */
export const LABELS_FILE = 'labels.jsonl';
export const VECTORS_FILE = 'vectors.safetensors';

export interface Labels {
  readonly labels: readonly Label[];
  /** What was read: [n,d], raw. */
  readonly vectors: Float32Array;
  /** As the model had them: [n,K,d], raw. */
  readonly latents: Float32Array;
  /** K, the latent steps of each label. */
  readonly steps: number;
  /** d */
  readonly hiddenSize: number;
  /** Of labels.jsonl, hex. */
  readonly sha256: string;
  /** A sentence for each row that was left out. */
  readonly problems: readonly string[];
}

const ANEW = 'make the labels anew by `recodi label RUN`';

const metadataSchema = z.object({
  format: z.literal('1'),
  space: z.literal('final_norm'),
  labels_sha256: z.string(),
});

/** @throws RecodiError('input') where a file is missing, or the two are not of each other, or no row is left. */
export function readLabels(folder: string): Labels {
  const [path, vectorsPath] = [join(folder, LABELS_FILE), join(folder, VECTORS_FILE)];
  for (const file of [path, vectorsPath])
    if (!existsSync(file))
      throw new RecodiError('input', `${file}: no such file; name the labels of a run, or ${ANEW}.`);
  const text = readText(path, constants.MAX_STRING_LENGTH);
  const lines = text.replace(/\n$/, '').split('\n').map(readLine);
  const hash = sha256(text);
  const problem = lines.find(line => typeof line === 'string');
  const tensors = readVectors(vectorsPath, { rows: lines.length, hash, problem });
  const { d, K } = tensors;
  const { rows, labels, problems } = sorted(path, lines, tensors);
  if (labels.length === 0) throw new RecodiError('input', `${problems[0]} No label is left.`);
  return {
    labels,
    vectors: gather(tensors.vectors, rows, d),
    latents: gather(tensors.latents, rows, K * d),
    steps: K,
    hiddenSize: d,
    sha256: hash,
    problems,
  };
}

/** The label on a line, or what is wrong with it. */
function readLine(line: string): Label | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return `expected one JSON object on the line, got ${show(line)}`;
  }
  const parsed = labelSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `no label: ${show(issue?.path.join('.') || 'the line')}: ${issue?.message}`;
}

interface Expected {
  readonly rows: number;
  readonly hash: string;
  /** With a line of labels.jsonl. */
  readonly problem: string | undefined;
}

interface Vectors {
  readonly vectors: Float32Array;
  readonly latents: Float32Array;
  readonly readouts: Float32Array;
  readonly d: number;
  readonly K: number;
}

function readVectors(path: string, { rows, hash, problem }: Expected): Vectors {
  const refused = (what: string) => new RecodiError('input', `${path}: ${what}; ${ANEW}.`);
  const file = openSafetensors(path);
  const metadata = metadataSchema.safeParse(file.metadata);
  if (!metadata.success) {
    const [issue] = metadata.error.issues;
    throw refused(`metadata "${issue?.path.join('.')}": ${issue?.message}`);
  }
  const { labels_sha256: of } = metadata.data;
  if (of !== hash) {
    const broken = problem === undefined ? '' : `, which has a line that is ${problem}`;
    throw refused(`of a ${LABELS_FILE} with the SHA-256 ${show(of)}, and the one beside it has ${show(hash)}${broken}`);
  }
  const [vectors, latents, readouts] = ['vectors', 'latents', 'readouts'].map(name => file.tensors.get(name));
  const [n, d] = vectors?.shape ?? [];
  const [, K] = latents?.shape ?? [];
  const right =
    [vectors, latents, readouts].every(tensor => tensor?.dtype === 'F32') &&
    [d, K].every(size => size !== undefined && size > 0) &&
    vectors?.shape.length === 2 &&
    latents?.shape.join() === [n, K, d].join() &&
    readouts?.shape.join() === [n, d].join();
  if (!right)
    throw refused(
      `expected F32 tensors "vectors" [n,d], "latents" [n,K,d] and "readouts" [n,d], got ${[vectors, latents, readouts].map(tensor => show(tensor?.shape)).join(', ')}`,
    );
  if (n !== rows) throw refused(`it has ${n} rows, and ${LABELS_FILE} has ${rows} lines`);
  return {
    vectors: file.read('vectors'),
    latents: file.read('latents'),
    readouts: file.read('readouts'),
    d: d!,
    K: K!,
  };
}

/** Rows that can be learned from, and a sentence for each of the others. */
function sorted(path: string, lines: readonly (Label | string)[], tensors: Vectors) {
  const rows: number[] = [];
  const labels: Label[] = [];
  const problems: string[] = [];
  const firstOf = new Map<string, number>();
  lines.forEach((line, row) => {
    const wrong = typeof line === 'string' ? line : wrongWith(line, row, tensors, firstOf);
    if (typeof line !== 'string' && wrong === undefined) {
      firstOf.set(line.id, row + 1);
      rows.push(row);
      labels.push(line);
    } else problems.push(`${path}:${row + 1}: ${wrong}. The row is left out; ${ANEW}.`);
  });
  return { rows, labels, problems };
}

function wrongWith(
  { id, steps }: Label,
  row: number,
  { vectors, latents, readouts, d, K }: Vectors,
  firstOf: ReadonlyMap<string, number>,
): string | undefined {
  const first = firstOf.get(id);
  if (first !== undefined) return `the id ${show(id)} stands on line ${first} already`;
  if (steps.length !== K) return `${show(id)} is of ${steps.length} latent steps, its row of ${VECTORS_FILE} of ${K}`;
  const values = [
    { name: `vectors[${row}]`, value: vectors.subarray(row * d, (row + 1) * d) },
    ...steps.map((_, k) => ({
      name: `latents[${row},${k}]`,
      value: latents.subarray((row * K + k) * d, (row * K + k + 1) * d),
    })),
    { name: `readouts[${row}]`, value: readouts.subarray(row * d, (row + 1) * d) },
  ];
  for (const { name, value } of values) {
    const at = value.findIndex(x => !Number.isFinite(x));
    const of = `${name} of ${VECTORS_FILE}, of ${show(id)},`;
    if (at >= 0) return `${of} is ${value[at]} at ${at}, and a number was expected`;
    if (value.every(x => x === 0)) return `${of} is all zeros, and no state is`;
  }
  return undefined;
}

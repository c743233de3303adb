/** Small runs for the inspector's tests: rows as recodi writes them, with texts that try to be markup, script and control characters. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluation } from '../eval/evaluation.fixture.ts';
import { assembleLabel, type LabelParts } from '../labels/assemble.ts';
import { beside, editedReading, problem, reading } from '../labels/reading.fixture.ts';
import type { Label } from '../labels/schema.ts';
import { perIntervention } from '../lrm/interventions.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { sha256 } from '../run/config/pin.ts';
import { formatJsonl, type JsonRecord } from '../run/jsonl.ts';
import { createRun, type RunPaths } from '../run/paths.ts';
import { stream } from '../run/random.ts';
import { type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import type { AuditFile } from './auditFile.ts';

/** What a model may write: none of it may be anything but text. */
export const HOSTILE = '</script><img src=x onerror="window.harmed=1"><b>&amp;\u0007\u202e\u001b[31m `x` <!--';

const parts: LabelParts = {
  problem,
  view: { id: 'k1@1.result', steps: [1], space: 'translated', anchor: { step: 1, point: 'result' } },
  reading,
  beside,
  probability: 0.95,
  accept: 0.9,
  causal: perIntervention(() => [0.5]),
  lens: [['11', '12']],
  answers: { latent: '22', gold: '22' },
  equations: { maxOperators: 1 },
  follows: { edits: [editedReading], verdict: { holds: true, reason: 'changes as it says in 1.00 of the edits' } },
  provenance: { run: 'small', config_sha256: 'c0ffee', recodi: '0.1.0', decode: 'chain', reward: 'whitened_cosine' },
};

const view3: LabelParts['view'] = {
  id: 'k3@2.result',
  steps: [3],
  space: 'translated',
  anchor: { step: 2, point: 'result' },
};

/** Two steps of three problems: one accepted, one not readable, and one that is answered wrong and says HOSTILE. */
export function labels(): Label[] {
  const unreadable = { ...reading.verdicts, readable: { holds: false, reason: 'swap gap 0.02 < 0.10' } };
  const hostile = { ...reading, text: HOSTILE, words: [], completion: HOSTILE, answer: HOSTILE };
  return [
    assembleLabel(parts),
    assembleLabel({ ...parts, view: view3, reading: { ...reading, text: null, words: [], completion: '' } }),
    assembleLabel({ ...parts, problem: { ...problem, id: 'p2' }, reading: { ...reading, verdicts: unreadable } }),
    assembleLabel({
      ...parts,
      problem: { ...problem, id: 'p3/..', question: `Why ${HOSTILE} ?` },
      reading: hostile,
      answers: { latent: HOSTILE, gold: '22' },
    }),
  ];
}

/** An audit that found one word, in one reading of a labelled problem and one of another that says HOSTILE. */
export function audit(): AuditFile {
  const listed = { lead: 0.2, probability: 0.98, unaccounted: ['+ 7'], answer: '12' };
  const unaccounted = [
    { ...listed, problem: 'p1', question: 'Max has 5 pens . He gets 6 more .', reading: '<< 5 + 7 = 12' },
    { ...listed, problem: 'p9', question: `Max has ${HOSTILE}`, reading: HOSTILE, unaccounted: [HOSTILE] },
  ];
  const words = {
    found: [{ words: ['Max'], p: 4.9e-75, questions: 75, marked: 62 }],
    others: [{ words: ['12', HOSTILE], p: 0.74, questions: 9, marked: 1 }],
    tested: { words: 55, pairs: 1344 },
  };
  const listing = { unaccounted, words, agreement: { precision: 0.97, recall: 0.83 } };
  const none = {
    unaccounted: [],
    words: { ...words, found: [], others: [] },
    agreement: { precision: null, recall: 0 },
  };
  return {
    ...{ format: 1, run: 'small', problems: 800, accept: 0.9, view: 'k0-4@2.result' },
    planted: { problems: 75, answered: 0.88 },
    readers: {
      ours: { readings: 800, accepted: listing, all: listing },
      projection: { readings: 717, accepted: none, all: none },
    },
  };
}

export const metricsLine = (update: number, score = update / 10): JsonRecord => ({
  phase: 'ppo',
  update,
  'objective/scores': score,
  'inversion/gap': score / 2,
  'time/update': 30,
});

const sampleLine = (update: number): JsonRecord => ({
  update,
  problem: 'p9',
  view: 'k1@1.result',
  question: problem.question,
  text: `<< ${update} + 6 =`,
  reward: update / 10,
  fve: -3,
});

/** Width of the vectors. */
const D = 6;

/** Labels as they are written, with vectors whose first number is the label's place, and texts that end near them. */
export function writeLabels({ labels: folder }: RunPaths, rows: readonly Label[]): void {
  const text = formatJsonl(rows as readonly JsonRecord[]);
  const random = stream(1, 'labels.fixture');
  const vectors = Float32Array.from({ length: rows.length * D }, (_, at) => (at % D === 0 ? at / D : random()));
  const tensor = (data: Float32Array): TensorToWrite => ({ dtype: 'F32', shape: [rows.length, D], data });
  writeSafetensors(
    join(folder, 'vectors.safetensors'),
    { vectors: tensor(vectors), readouts: tensor(vectors.map(x => x + 0.1 * random())) },
    { labels_sha256: sha256(text) },
  );
  writeFileSync(join(folder, 'labels.jsonl'), text);
}

/** A finished run with everything in it; `without` leaves files out. */
export function smallRun(
  name = 'small',
  without: readonly ('labels' | 'evaluation' | 'metrics' | 'samples' | 'audit')[] = [],
): RunPaths {
  const config = trainConfigSchema.parse({ name, seed: 7, lrm: '../model', ppo: { updates: 3 } });
  const paths = createRun(mkdtempSync(join(tmpdir(), 'recodi-inspect-')), trainConfigSchema, config);
  mkdirSync(paths.labels);
  const write = (path: string, text: string, part: (typeof without)[number]) => {
    if (!without.includes(part)) writeFileSync(path, text);
  };
  write(paths.samples, formatJsonl([1, 2].map(sampleLine)), 'samples');
  write(paths.metrics, formatJsonl([1, 2, 3].map(update => metricsLine(update))), 'metrics');
  write(
    paths.evaluation,
    JSON.stringify({ ...evaluation, run: name, settings: { ...evaluation.settings, decode: 'retrieve' } }),
    'evaluation',
  );
  write(paths.audit, JSON.stringify(audit()), 'audit');
  if (!without.includes('labels')) writeLabels(paths, labels());
  return paths;
}

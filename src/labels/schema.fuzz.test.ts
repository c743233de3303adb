import { join } from 'node:path';
import { expect, it } from 'vitest';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { perIntervention } from '../lrm/interventions.ts';
import { RecodiError } from '../run/errors.ts';
import { formatJsonl, readJsonl } from '../run/jsonl.ts';
import { assembleLabel } from './assemble.ts';
import { problem, reading } from './reading.fixture.ts';
import { type Label, labelSchema } from './schema.ts';

const label = (id: string): Label =>
  assembleLabel({
    problem: { ...problem, id },
    view: { id: 'k0@1.before', steps: [0], space: 'translated', anchor: { step: 1, point: 'before' } },
    reading,
    probability: null,
    accept: 0.9,
    causal: perIntervention((_, kind) => [kind === 'zero' ? Number.NaN : 0.5]),
    lens: [['5', '6']],
    answers: { latent: '22', gold: '22' },
    equations: { maxOperators: 1 },
    provenance: { run: 'run', config_sha256: 'ab', recodi: '0.1.0', decode: 'greedy', reward: 'cosine' },
  });

/** As a program reads labels that has them from elsewhere: each line by the schema. */
function readLabels(path: string): Label[] {
  return readJsonl(path).map(line => {
    const { data, error } = labelSchema.safeParse(line);
    if (data) return data;
    throw new RecodiError('input', `${path}: ${error.issues[0]?.message}`);
  });
}

it('damaged labels are what the schema says or no labels', async () => {
  await survivesDamage({
    files: { 'labels.jsonl': Buffer.from(formatJsonl([label('p1'), label('p2')])) },
    read: folder => readLabels(join(folder, 'labels.jsonl')),
    check(labels) {
      for (const read of labels) {
        const text = JSON.stringify(read);
        expect(JSON.stringify(labelSchema.parse(JSON.parse(text)))).toBe(text);
        expect(read.steps.length).toBeGreaterThan(0);
        expect([read.scores.similarity, read.scores.fve].every(Number.isFinite)).toBe(true);
      }
    },
  });
});

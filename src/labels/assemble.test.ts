import { describe, expect, it } from 'vitest';
import { perIntervention } from '../lrm/interventions.ts';
import { assembleLabel, type LabelParts } from './assemble.ts';
import { beside, editedReading, problem, reading } from './reading.fixture.ts';
import { labelSchema } from './schema.ts';

const parts: LabelParts = {
  problem,
  view: { id: 'k0@1.before', steps: [0], space: 'translated', anchor: { step: 1, point: 'before' } },
  reading,
  beside,
  probability: 0.95,
  accept: 0.9,
  causal: perIntervention(() => [1]),
  lens: [['11', '12']],
  answers: { latent: '22', gold: '22' },
  equations: { maxOperators: 1 },
  provenance: { run: 'r', config_sha256: 'c0ffee', recodi: '0.1.0', decode: 'retrieve', reward: 'whitened_cosine' },
};

describe('assembleLabel', () => {
  const label = assembleLabel(parts);

  it('is what the schema says, also after JSON', () => {
    expect(labelSchema.parse(JSON.parse(JSON.stringify(label)))).toEqual(label);
  });

  it('names target, text and what the model makes of it', () => {
    expect(label).toMatchObject({
      id: 'p1:k0@1.before',
      anchor: '1.before',
      explanation: '<< 5 + 6 =',
      completion: '<< 5 + 6 = 11 >>',
      answer: { latent: '22', explained: '22', same: true },
      scores: { similarity: 0.91, well_formed: true },
    });
  });

  it('accepts what is readable and probable, whether it is used or not, and never by gold', () => {
    expect(label.accepted).toBe(true);
    const unreadable = { ...reading.verdicts, readable: { holds: false, reason: 'swap gap' } };
    expect(assembleLabel({ ...parts, reading: { ...reading, verdicts: unreadable } }).accepted).toBe(false);
    expect(assembleLabel({ ...parts, reading: { ...reading, text: '<< 9 + 9 =' } }).accepted).toBe(true);
    expect(assembleLabel({ ...parts, probability: 0.89 }).accepted).toBe(false);
    expect(assembleLabel({ ...parts, probability: null }).accepted).toBe(true);
  });

  it('has no explanation of what is not verbalisable, and does not accept it', () => {
    const dark = { ...reading, text: null, words: [], completion: '' };
    const label = labelSchema.parse(assembleLabel({ ...parts, reading: dark }));
    expect([label.explanation, label.accepted, label.gold.steps[0]!.right]).toEqual([null, false, false]);
  });

  it('shows edits where they were asked for, and accepts only what follows them', () => {
    const edits = [editedReading];
    const of = (holds: boolean | null) =>
      assembleLabel({ ...parts, follows: { edits, verdict: { holds, reason: 'changes as it says' } } });
    expect(labelSchema.parse(of(true))).toMatchObject({
      edits: [{ from: 6, to: 7, predicted: '<< 5 + 7 =', explanation: '<< 5 + 7 =', follows: true }],
      verdicts: { follows: { holds: true } },
      accepted: true,
    });
    for (const holds of [false, null]) expect(labelSchema.parse(of(holds)).accepted).toBe(false);
    expect(label.verdicts.follows).toBeUndefined();
  });

  it('judges the text against every gold step, under a key that says so', () => {
    expect(label.gold).toEqual({
      answer: '22',
      answered: true,
      ceiling: { text: '<< 5 + 6 = 11', similarity: 0.97, fve: 0.9 },
      steps: [
        { text: '<< 5 + 6 = 11 >>', result: '11', exact: true, right: true },
        { text: '<< 11 * 2 = 22 >>', result: '22', exact: false, right: false },
      ],
    });
    expect(assembleLabel({ ...parts, answers: { latent: '21', gold: '22' } }).gold.answered).toBe(false);
  });

  it('leaves out what is not known: grammar, anchors, interventions without donors', () => {
    const bare = assembleLabel({
      ...parts,
      view: { id: 'k0', steps: [0], space: 'raw' },
      causal: perIntervention(() => [Number.NaN]),
      equations: undefined,
    });
    expect(bare.anchor).toBeNull();
    expect(bare.causal.readout.swap).toEqual([null]);
    expect('well_formed' in bare.scores).toBe(false);
    expect(labelSchema.safeParse(bare).success).toBe(true);
  });
});

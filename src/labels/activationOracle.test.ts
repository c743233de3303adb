import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../lm/tokenizer.ts';
import { perIntervention } from '../lrm/interventions.ts';
import { type OracleParts, oracleQuestion, oracleRow } from './activationOracle.ts';
import { assembleLabel } from './assemble.ts';
import { problem, reading } from './reading.fixture.ts';

const assembled = assembleLabel({
  problem,
  view: { id: 'k0-1@2.result', steps: [0, 1], space: 'translated', anchor: { step: 2, point: 'result' } },
  reading,
  probability: null,
  accept: 0.9,
  causal: perIntervention(() => [0, 1]),
  lens: [['11'], ['22']],
  answers: { latent: '22', gold: '22' },
  equations: { maxOperators: 1 },
  provenance: { run: 'r', config_sha256: 'c', recodi: '0.1.0', decode: 'greedy', reward: 'cosine' },
});

const label = { ...assembled, explanation: assembled.explanation! };

/** One id per piece, where a piece is a word with the space before it, or any single character; 7 and 8 frame a turn. */
function chatTokenizer(): Tokenizer {
  const pieces = ['<pad>', '<eos>'];
  const idOf = (piece: string) => {
    if (!pieces.includes(piece)) pieces.push(piece);
    return pieces.indexOf(piece);
  };
  const encode = (text: string) => (text.match(/ ?\w+| \?|./gs) ?? []).map(idOf);
  return {
    encode,
    decode: ids => ids.map(id => pieces[id]).join(''),
    applyChatTemplate: ([message]) => [idOf('<user>'), ...encode(message!.content), idOf('<assistant>')],
    vocabSize: 1000,
    padId: 0,
    eosId: 1,
    id: idOf,
    token: id => pieces[id]!,
  };
}

const parts: OracleParts = {
  latents: [
    [3, 4],
    [5, 6],
  ],
  layer: 3,
  context: [11, 12, 13],
  tokenizer: chatTokenizer(),
};

describe('oracleRow', () => {
  it('has the fields that activation oracles train on, and no others', () => {
    const row = oracleRow(label, parts);
    expect(Object.keys(row).sort()).toEqual(
      [
        'datapoint_type',
        'input_ids',
        'labels',
        'layer',
        'steering_vectors',
        'positions',
        'feature_idx',
        'target_output',
        'context_input_ids',
        'context_positions',
        'ds_label',
        'meta_info',
      ].sort(),
    );
    expect(row).toMatchObject({
      layer: 3,
      steering_vectors: parts.latents,
      target_output: '<< 5 + 6 =',
      context_input_ids: [11, 12, 13],
    });
    expect(row.meta_info.prompt).toBe(`Layer: 3\n ? ? \n${oracleQuestion(label)}`);
  });

  it('tokenises the turn, marks the placeholders, and learns the answer and its end alone', () => {
    const { input_ids: ids, labels, positions } = oracleRow(label, parts);
    const { decode, token } = parts.tokenizer;
    expect(positions.map(at => token(ids[at]!))).toEqual([' ?', ' ?']);
    expect(labels).toHaveLength(ids.length);
    const learned = labels.filter(id => id !== -100);
    expect(decode(learned)).toBe('<< 5 + 6 =<eos>');
    expect(ids.slice(-learned.length)).toEqual(learned);
  });

  it('leaves the ids empty where the tokenizer cannot write the turn', () => {
    const wordless: Tokenizer = { ...parts.tokenizer, encode: text => text.split(' ').map(() => 2) };
    const chatless: Tokenizer = {
      ...parts.tokenizer,
      applyChatTemplate: () => {
        throw new Error('no chat template');
      },
    };
    for (const tokenizer of [wordless, chatless]) {
      const row = oracleRow(label, { ...parts, tokenizer });
      expect([row.input_ids, row.labels, row.positions]).toEqual([[], [], []]);
      expect(row.steering_vectors).toEqual(parts.latents);
    }
  });
});

it('oracleQuestion asks a translated reading for the chain up to its anchor', () => {
  expect(oracleQuestion(label)).toMatch(/up to the result of step 2\.$/);
  expect(oracleQuestion({ space: 'raw', anchor: '1.before' })).not.toMatch(/step/);
});

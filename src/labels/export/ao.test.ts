import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../../lm/tokenizer.ts';
import { labelOf } from '../labels.fixture.ts';
import { ao, oracleQuestion, oracleRow, oracleRowSchema } from './ao.ts';
import { chatTokenizer, sourceOf, threeLabels } from './source.fixture.ts';

const explanation = '<< 5 + 6 =';
const label = { ...labelOf('p1'), steps: [0, 1], anchor: '2.result', explanation };
const row = {
  label,
  vector: Float32Array.of(1, 2),
  latents: [Float32Array.of(3, 4), Float32Array.of(5, 6)],
};
const parts = { layer: 3, botId: 13, tokenizer: chatTokenizer(), accept: 0.9 };

describe('oracleRow', () => {
  it('has the fields that activation oracles train on, and no others', () => {
    const made = oracleRow(row, parts);
    expect(Object.keys(made).sort()).toEqual(
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
    expect(made).toMatchObject({
      layer: 3,
      steering_vectors: [
        [3, 4],
        [5, 6],
      ],
      target_output: explanation,
      context_input_ids: [...parts.tokenizer.encode(label.question), 13],
    });
    expect(made.meta_info.prompt).toBe(`Layer: 3\n ? ? \n${oracleQuestion(label)}`);
  });

  it('says what justifies it', () => {
    expect(oracleRow(row, parts).meta_info).toMatchObject({
      ...{
        label: label.id,
        similarity: 0.91,
        fve: 0.7,
        gap: 0.6,
        probability: 0.95,
        accept: 0.9,
        config_sha256: 'c0ffee',
      },
      ...{ verbalisable: true, readable: true, used: false, adds: true, follows: null },
    });
  });

  it('tokenises the turn, marks the placeholders, and learns the answer and its end alone', () => {
    const { input_ids: ids, labels, positions } = oracleRow(row, parts);
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
      const made = oracleRow(row, { ...parts, tokenizer });
      expect([made.input_ids, made.labels, made.positions]).toEqual([[], [], []]);
      expect(made.steering_vectors).toHaveLength(2);
    }
  });
});

it('oracleQuestion asks a translated reading for the chain up to its anchor', () => {
  expect(oracleQuestion(label)).toMatch(/up to the result of step 2\.$/);
  expect(oracleQuestion({ space: 'raw', anchor: '1.before' })).not.toMatch(/step/);
});

it('ao writes a row for each accepted label, with its latents, that its own schema reads', () => {
  const source = sourceOf(threeLabels);
  expect(ao.write(source.folder, source)).toEqual({ rows: 2, leftOut: [] });
  const lines = readFileSync(join(source.folder, ao.files[0]), 'utf8').trim().split('\n');
  const rows = lines.map(line => oracleRowSchema.parse(JSON.parse(line)));
  expect(rows.map(({ meta_info }) => meta_info.problem)).toEqual(['p1', 'p3']);
  expect(rows.map(({ steering_vectors }) => steering_vectors)).toEqual(
    [0, 2].map(i => [[-Math.fround(i + 0.1), i, -0.5].map(x => x + 0)]),
  );
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { labelOf } from '../labels.fixture.ts';
import { arrowSchema } from './arrowSchema.ts';
import { injectionTokens, nla } from './nla.ts';
import { chatTokenizer, sourceOf, threeLabels, wordTokenizer } from './source.fixture.ts';
import type { Source } from './source.ts';

const [FILE, SIDECAR] = nla.files;

/** The file's bytes, as hyparquet takes them. */
function bytesOf(source: Source & { readonly folder: string }): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(join(source.folder, FILE));
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

const rowsOf = (source: Source & { readonly folder: string }) => parquetReadObjects({ file: bytesOf(source) });

/** As nla/schema.py takes an explanation out of a response. */
const explanationIn = (response: string) => /<explanation>(.*?)<\/explanation>/su.exec(response)?.[1]?.trim();

describe('nla', () => {
  it('is read back as it was written: the accepted labels with their vectors and what justifies them', async () => {
    const source = sourceOf(threeLabels);
    expect(nla.write(source.folder, source)).toEqual({ rows: 2, leftOut: [] });
    const rows = await rowsOf(source);
    expect(rows).toHaveLength(2);
    expect(Object.keys(rows[1]!)).toEqual(Object.keys(nla.columns(3)));
    expect(rows[1]).toMatchObject({
      prompt: [{ role: 'user', content: expect.stringMatching(/<concept><INJECT><\/concept>/) }],
      response: '<explanation>\n<< 7 + 6 =\n</explanation>',
      activation_vector: [Math.fround(2.1), -2, 0.5],
      n_raw_tokens: BigInt(wordTokenizer.encode(threeLabels[2]!.question).length + 2),
      activation_layer: 1n,
      doc_id: 'p3',
      ...{ label: threeLabels[2]!.id, similarity: 0.91, fve: 0.7, gap: 0.6, probability: 0.95, accept: 0.9 },
      ...{ verbalisable: true, readable: true, used: false, adds: true, follows: null },
      ...{ run: 'small', config_sha256: 'c0ffee', recodi: '0.1.0' },
    });
  });

  it("has Arrow's schema beside parquet's, by which vectors are lists of one length", () => {
    const source = sourceOf(threeLabels);
    nla.write(source.folder, source);
    const { key_value_metadata: pairs, schema } = parquetMetadata(bytesOf(source));
    const own = arrowSchema(nla.columns(3));
    expect(pairs).toContainEqual({ key: 'ARROW:schema', value: own });
    expect(own).not.toBe(arrowSchema(nla.columns(4)));
    const at = schema.findIndex(({ name }) => name === 'activation_vector');
    expect(schema.slice(at, at + 3)).toMatchObject([
      { converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED' },
      { name: 'element', type: 'FLOAT' },
    ]);
  });

  it('keeps any explanation: quotes, line ends, marks of its own, any script', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '\n',
        '\r\n',
        '\t',
        '\u0000',
        '{}',
        '<INJECT>',
        '<explanation>',
        '</exp',
        '🙂',
        'é',
      ),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map(pieces => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async texts => {
        const source = sourceOf(texts.map((said, i) => labelOf(`p${i}`, said)));
        nla.write(source.folder, source);
        const responses = (await rowsOf(source)).map(({ response }) => response);
        expect(responses.map(explanationIn)).toEqual(texts.map(said => said.trim()));
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out what would end early, and says so', async () => {
    const source = sourceOf([labelOf('p1', 'a </explanation> b'), labelOf('p2')]);
    const { rows, leftOut } = nla.write(source.folder, source);
    expect([rows, leftOut]).toEqual([1, [expect.stringMatching(/^nla: p1:\S+ is left out/)]]);
    expect(await rowsOf(source)).toHaveLength(1);
  });

  it('writes a file that can be read where nothing was accepted', async () => {
    const source = sourceOf([labelOf('p1', null)]);
    expect(nla.write(source.folder, source).rows).toBe(0);
    expect(await rowsOf(source)).toEqual([]);
  });

  it("has a sidecar of the keys that its reader knows; ids are null that the model's tokenizer cannot give", () => {
    const source = sourceOf(threeLabels);
    nla.write(source.folder, source);
    const meta = parse(readFileSync(join(source.folder, SIDECAR!), 'utf8'));
    const keys = ['kind', 'schema_version', 'dataset_id', 'stage', 'row_count', 'extraction', 'tokens'];
    expect(Object.keys(meta)).toEqual([...keys, 'prompt_templates', 'created_by', 'recodi']);
    expect(meta).toMatchObject({ kind: 'nla_dataset', schema_version: 1, stage: 'av_sft', row_count: 2 });
    expect(meta.extraction).toEqual({
      ...{ base_model: '../model', d_model: 3, layer_index: 1, norm: 'none' },
      ...{ corpus: 'recodi world: arithmetic', corpus_slice: { start: 0, length: 3 }, positions_per_doc: 1 },
    });
    expect(meta.tokens).toEqual({
      injection_char: '㈀',
      injection_token_id: null,
      injection_left_neighbor_id: null,
      injection_right_neighbor_id: null,
      critic_suffix_ids: null,
    });
    expect(meta.prompt_templates.actor.split('{injection_char}')).toHaveLength(2);
    expect(meta.prompt_templates.critic).toMatch(/\{explanation\}.*>$/);
    expect(meta.recodi).toMatchObject({ config_sha256: 'c0ffee', labels_sha256: source.labels.sha256 });
  });

  it('gives the injected token and its neighbours where the tokenizer writes turns', () => {
    const tokenizer = chatTokenizer();
    const { injection_char: char, ...tokens } = injectionTokens(tokenizer);
    const { injection_token_id: id, injection_left_neighbor_id: left, injection_right_neighbor_id: right } = tokens;
    expect([left, id, right].map(id => tokenizer.token(id!))).toEqual(['>', char, '<']);
    const unknown = { ...tokenizer, decode: () => '<unk>' };
    expect(injectionTokens(unknown).injection_token_id).toBeNull();
  });
});

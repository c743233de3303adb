import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { loadTokenizer, writeWordTokenizer } from '../lm/tokenizer.ts';
import { readJson } from '../run/files.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createWorld, worldSchema } from '../worlds/index.ts';
import { createLrmClient } from './client.ts';
import { type LrmFile, lrmSpec, saveLrm } from './folder.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { parametersFrom } from './startFrom.ts';
import { tinyLrm, tinyParameters } from './tiny.fixture.ts';

const sentences = createWorld(worldSchema.parse({ kind: 'arithmetic', chain: 'sentences' }));
const RENAME = { '<<': 'so', '>>': ',', '+': 'plus', '-': 'minus', '*': 'times', '/': 'over', '=': 'makes' };

beforeAll(() => useDevice('onnx'));
afterAll(closeEngine);

/** A tiny model, and an empty folder of another with the words of sentences. */
async function twoModels() {
  const lrm = await tinyLrm();
  const folder = mkdtempSync(join(tmpdir(), 'recodi-renamed-'));
  const others = ['<bot>', '<eot>', '<inv>', '<sep>'];
  writeWordTokenizer(folder, sentences.vocabulary!, { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others });
  const tokenizer = await loadTokenizer(folder);
  const file = readJson(join(lrm.folder, 'lrm.json'), z.custom<LrmFile>());
  const spec = lrmSpec(lrm.spec.model, tokenizer, file);
  return { lrm, folder, tokenizer, file, spec, fresh: tinyParameters(spec, 9) };
}

it('a model under new words does with them what it did with the old ones', async () => {
  const { lrm, folder, tokenizer, file, spec, fresh } = await twoModels();
  saveLrm(folder, spec, file, await parametersFrom({ lrm: lrm.folder, rename: RENAME }, spec, tokenizer, fresh));
  const question = 'Mia has 5 pens . She gets 6 more . How many pens does Mia have ?';
  const states = async (from: string, text: string) => {
    const client = await createLrmClient(inlinePool(), from);
    const { encode } = client.lrm.tokenizer;
    return client.read({ context: 'question', questions: [encode(question)], texts: [[encode(text)]] });
  };
  expect(await states(folder, 'so 5 plus 6 makes 11 , so 11 over 2')).toEqual(
    await states(lrm.folder, '<< 5 + 6 = 11 >> << 11 / 2'),
  );
});

it('words without a former name begin as new ones', async () => {
  const { lrm, spec, tokenizer, fresh } = await twoModels();
  const made = await parametersFrom({ lrm: lrm.folder, rename: {} }, spec, tokenizer, fresh);
  const row = (of: Float32Array, word: string) => {
    const d = spec.model.hiddenSize;
    return of.slice(tokenizer.id(word) * d, (tokenizer.id(word) + 1) * d);
  };
  expect(row(made, 'plus')).toEqual(row(fresh, 'plus'));
  expect(row(made, 'Mia')).not.toEqual(row(fresh, 'Mia'));
});

it('words that nobody has, and models of other sizes, are refused', async () => {
  const { lrm, spec, tokenizer, fresh } = await twoModels();
  const from = (rename: Record<string, string>, of = spec) =>
    parametersFrom({ lrm: lrm.folder, rename }, of, tokenizer, fresh);
  await expect(from({ '+': 'and' })).rejects.toThrow(/init\.rename: \+: and: the world has no word "and"/);
  await expect(from({ '%': 'plus' })).rejects.toThrow(/has no word "%"/);
  const wider = { ...spec, model: { ...spec.model, intermediateSize: 11 } };
  await expect(from(RENAME, wider)).rejects.toThrow(/init\.lrm: .*give model and latents the sizes of that one/);
});

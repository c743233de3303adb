/**
 * A published model against what transformers gives for it. Opt-in: RECODI_TEST_MODEL names the model's folder, which
 * holds beside the model an `expected.json` of { plain, chat: { prompt | messages, new_ids }, perplexity: { text, perplexity } }.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { generateText } from './generate.ts';
import { perplexity } from './perplexity.ts';

const folder = process.env.RECODI_TEST_MODEL ?? '';
const present = folder !== '' && existsSync(join(folder, 'expected.json'));
if (!present) {
  console.log('Skipped: set RECODI_TEST_MODEL to the folder of a model with its expected.json to test a real model.');
}

interface Expected {
  readonly plain: { readonly prompt: string; readonly prompt_ids: number[]; readonly new_ids: number[] };
  readonly chat: {
    readonly messages: { content: string }[];
    readonly prompt_ids: number[];
    readonly new_ids: number[];
  };
  readonly perplexity: { readonly text: string; readonly tokens: number; readonly perplexity: number };
}

describe.skipIf(!present)(`the model in ${folder}`, () => {
  let expected: Expected;

  beforeAll(async () => {
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
    await useDevice('onnx');
  });
  afterAll(closeEngine);

  it('continues a text token by token as transformers does', { timeout: 300_000 }, async () => {
    const { prompt, prompt_ids, new_ids } = expected.plain;
    const out = await generateText(folder, prompt, { maxNewTokens: new_ids.length });
    expect(out.promptIds).toEqual(prompt_ids);
    expect(out.ids).toEqual(new_ids);
  });

  it('answers in its chat template', { timeout: 300_000 }, async () => {
    const { messages, prompt_ids, new_ids } = expected.chat;
    const out = await generateText(folder, messages[0]!.content, { chat: true, maxNewTokens: 24 });
    expect(out.promptIds).toEqual(prompt_ids);
    expect(out.ids).toEqual(new_ids);
  });

  it('has the perplexity that transformers finds', { timeout: 300_000 }, async () => {
    const out = await perplexity(folder, expected.perplexity.text);
    expect(out.tokens).toBe(expected.perplexity.tokens);
    expect(Math.abs(out.perplexity - expected.perplexity.perplexity)).toBeLessThan(1e-3);
  });
});

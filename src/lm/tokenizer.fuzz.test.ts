import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { loadTokenizer, type Tokenizer, writeWordTokenizer } from './tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const special = { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others: ['<bot>'] };
// What a module touches while it is loaded is not the reader's doing.
beforeAll(async () => {
  await import('@huggingface/transformers');
});

writeWordTokenizer(folder, ['the', 'answer', 'is', ':', '5', 'é'], special);

const texts = [' the answer\nis <eos>, unheard 5', 'the answer is 5 unheard <pad>'];

/** Reads the folder and uses all that a tokenizer can do: what is wrong may show only then. */
async function useTokenizer(from: string): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(from);
  for (const text of texts) {
    const ids = tokenizer.encode(text);
    tokenizer.decode(ids);
    tokenizer.decode(ids, { skipSpecial: true });
  }
  return tokenizer;
}

/** Ids are what arrays and graphs can take. */
function check(tokenizer: Tokenizer): void {
  const { vocabSize, padId, eosId = 0 } = tokenizer;
  for (const id of [padId, eosId, ...texts.flatMap(tokenizer.encode)]) {
    expect(Number.isInteger(id) && id >= 0).toBe(true);
    expect(id).toBeLessThan(Math.max(1, vocabSize));
  }
}

it('damaged vocabularies of words are read or refused', async () => {
  await survivesDamage({ files: filesOf(folder), read: useTokenizer, check });
});

it('damaged tokenizers of other kinds are read or refused', async () => {
  const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
  const vocab = Object.fromEntries(
    [...special.others, '<pad>', '<eos>', ...'aehinrstw5:', 'th', 'Ġ', 'is'].map((t, i) => [t, i]),
  );
  const bytePairs = {
    ...json,
    added_tokens: json.added_tokens.slice(0, 2).map((t: { content: string }) => ({ ...t, id: vocab[t.content] })),
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges: ['t h', 'i s'], unk_token: null, fuse_unk: false },
  };
  const config = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'));
  const template = "{% for m in messages %}{{ m['content'] }}{% endfor %}";
  const files = {
    'tokenizer.json': Buffer.from(JSON.stringify(bytePairs)),
    'tokenizer_config.json': Buffer.from(JSON.stringify({ ...config, chat_template: template })),
  };
  await survivesDamage({
    files,
    async read(from) {
      const tokenizer = await useTokenizer(from);
      tokenizer.applyChatTemplate([{ role: 'user', content: 'this' }]);
      return tokenizer;
    },
    check,
  });
});

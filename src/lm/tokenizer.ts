/**
 * Text to token ids and back, from a Hugging Face folder's `tokenizer.json`. transformers.js does the work, from local
 * files only; a vocabulary of whole words split at whitespace needs no more than a table, which gives the same ids and
 * spares worker threads the library. No special token is ever added unasked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RecodiError } from '../tensor/errors.ts';
import { wordTable } from './words.ts';

export { type SpecialTokens, writeWordTokenizer } from './words.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a vocabulary can do. */
export interface Codec {
  encode(text: string): number[];
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** Ids of the chat up to where the assistant begins to write. */
  applyChatTemplate(messages: readonly ChatMessage[]): number[];
  readonly vocabulary: ReadonlyMap<string, number>;
}

export interface Tokenizer extends Omit<Codec, 'vocabulary'> {
  /** One more than the largest id. */
  readonly vocabSize: number;
  readonly padId: number;
  readonly eosId?: number;
  /** @throws RecodiError('input') when the vocabulary has no such token. */
  id(token: string): number;
  token(id: number): string;
}

/** @throws RecodiError('input') when the folder has no readable tokenizer. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const where = join(folder, 'tokenizer.json');
  const definition = readObject(where);
  const config = existsSync(join(folder, 'tokenizer_config.json'))
    ? readObject(join(folder, 'tokenizer_config.json'))
    : {};
  const codec = wordTable(definition) ?? (await transformersCodec(folder, where));
  const { encode, decode, applyChatTemplate, vocabulary } = codec;

  const tokens: string[] = [];
  for (const [token, id] of vocabulary) tokens[id] = token;
  const named = (key: string) => {
    const entry = config[key] as string | { content?: string } | null | undefined;
    const token = typeof entry === 'string' ? entry : entry?.content;
    return token === undefined ? undefined : vocabulary.get(token);
  };
  const eosId = named('eos_token');
  return {
    encode,
    decode,
    applyChatTemplate,
    vocabSize: tokens.length,
    padId: named('pad_token') ?? eosId ?? 0,
    ...(eosId === undefined ? {} : { eosId }),
    id(token) {
      const id = vocabulary.get(token);
      if (id !== undefined) return id;
      throw new RecodiError('input', `${where} has no token "${token}" among its ${tokens.length}.`);
    },
    token(id) {
      const token = tokens[id];
      if (token !== undefined) return token;
      throw new RecodiError('input', `${where} has no token with id ${id}; its ids end at ${tokens.length - 1}.`);
    },
  };
}

async function transformersCodec(folder: string, where: string): Promise<Codec> {
  const { AutoTokenizer, env, LogLevel } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.logLevel = LogLevel.ERROR;
  const tokenizer = await AutoTokenizer.from_pretrained(resolve(folder), { local_files_only: true }).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RecodiError('input', `${where} could not be read as a tokenizer: ${reason}.`, { cause });
    },
  );
  const encode = (text: string) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }));
  return {
    encode,
    decode: (ids, options = {}) =>
      ids.length === 0
        ? ''
        : tokenizer.decode([...ids], {
            skip_special_tokens: options.skipSpecial ?? false,
            clean_up_tokenization_spaces: false,
          }),
    applyChatTemplate(messages) {
      const text = tokenizer.apply_chat_template([...messages], { tokenize: false, add_generation_prompt: true });
      return encode(text as string);
    },
    vocabulary: tokenizer.get_vocab(),
  };
}

function readObject(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RecodiError('input', `Could not read ${path}. Give a Hugging Face model's folder.`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new RecodiError('input', `${path} is not JSON. Fetch or write it again.`, { cause });
  }
  throw new RecodiError('input', `${path} is not a JSON object. Fetch or write it again.`);
}

/**
 * Text to token ids and back, from a Hugging Face folder's `tokenizer.json`. transformers.js does the work, from local
 * files only; a vocabulary of whole words split at whitespace needs no more than a table, which gives the same ids and
 * spares worker threads the library. No special token is ever added unasked.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { RecodiError, show } from '../tensor/errors.ts';
import { readJsonObject } from './json.ts';
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

/** Far above the vocabularies that there are. */
const LARGEST_ID = 2 ** 22;

/** What the library takes on trust: it makes a list as long as the largest id. */
const idSchema = z.int().min(0).max(LARGEST_ID);
const librarySchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: idSchema, content: z.string() })).nullish(),
  model: z.looseObject({ vocab: z.union([z.record(z.string(), idSchema), z.array(z.unknown())]) }),
});

/** @throws RecodiError('input') when the folder has no readable tokenizer. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const where = join(folder, 'tokenizer.json');
  const definition = readJsonObject(where);
  const config = existsSync(join(folder, 'tokenizer_config.json'))
    ? readJsonObject(join(folder, 'tokenizer_config.json'))
    : {};
  const codec = wordTable(definition) ?? (await transformersCodec(folder, where, definition));
  const { encode, decode, applyChatTemplate, vocabulary } = codec;

  const tokens: string[] = [];
  for (const [token, id] of vocabulary) {
    if (!Number.isSafeInteger(id) || id < 0 || id > LARGEST_ID) {
      throw new RecodiError(
        'input',
        `${where}: expected whole numbers from 0 to ${LARGEST_ID} as ids, found ${show(id)} for the token ${show(token)}. Fetch or write it again.`,
      );
    }
    tokens[id] = token;
  }
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
      throw new RecodiError('input', `${where} has no token ${show(token)} among its ${tokens.length}.`);
    },
    token(id) {
      const token = tokens[id];
      if (token !== undefined) return token;
      throw new RecodiError('input', `${where} has no token with id ${id}; its ids end at ${tokens.length - 1}.`);
    },
  };
}

/** The library's codec. It reads what the files say when it is used, so that a fault in them may show only then. */
async function transformersCodec(folder: string, where: string, definition: unknown): Promise<Codec> {
  const { error } = librarySchema.safeParse(definition);
  if (error) {
    const [issue] = error.issues;
    const what = `${issue?.path.join('.')}: ${issue?.message}`;
    throw new RecodiError('input', `${where} could not be read as a tokenizer: ${what}.`);
  }
  const { AutoTokenizer, env, LogLevel } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.useFSCache = false;
  env.logLevel = LogLevel.ERROR;
  const refusal = (cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new RecodiError('input', `${where} could not be read as a tokenizer: ${reason}.`, { cause });
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw refusal(cause);
    }
  };
  const tokenizer = await AutoTokenizer.from_pretrained(resolve(folder), { local_files_only: true }).catch(
    (cause: unknown) => {
      throw refusal(cause);
    },
  );
  const vocabulary: ReadonlyMap<string, number> = guarded(() => tokenizer.get_vocab());
  const known = new Set<unknown>(vocabulary.values());
  const encode = (text: string) => {
    const ids = text === '' ? [] : guarded(() => tokenizer.encode(text, { add_special_tokens: false }));
    const strange = ids.findIndex(id => !known.has(id));
    if (strange < 0) return ids;
    throw refusal(new Error(`it makes the id ${show(ids[strange])}, which is no token's`));
  };
  return {
    encode,
    decode: (ids, options = {}) =>
      ids.length === 0
        ? ''
        : guarded(() =>
            tokenizer.decode([...ids], {
              skip_special_tokens: options.skipSpecial ?? false,
              clean_up_tokenization_spaces: false,
            }),
          ),
    applyChatTemplate(messages) {
      const text = guarded(() =>
        tokenizer.apply_chat_template([...messages], { tokenize: false, add_generation_prompt: true }),
      );
      return encode(text as string);
    },
    vocabulary,
  };
}

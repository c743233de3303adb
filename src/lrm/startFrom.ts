/**
 * A training that goes on from another model: its weights under a vocabulary of its own. A token's rows are those of the token that
 * it is called after renaming, so that a model that thinks `<< 5 + 6 = 11 >>` thinks `so 5 plus 6 makes 11 ,` from the first step on;
 * words that the other model does not have begin as a new model's do.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { RecodiError } from '../run/errors.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import { loadLrm } from './folder.ts';

export interface StartFrom {
  /** Folder of the other model. */
  readonly lrm: string;
  /** Its words, and what they are called here. */
  readonly rename: Readonly<Record<string, string>>;
}

/** `fresh`: the parameters of a new model. @throws RecodiError('config') for a model of other sizes, or a word that either does not have. */
export async function parametersFrom(
  { lrm: folder, rename }: StartFrom,
  spec: LrmSpec,
  tokenizer: Tokenizer,
  fresh: Float32Array,
): Promise<Float32Array> {
  const other = await loadLrm(folder);
  const ids = new Map(tokensOf(other.tokenizer).map((token, id) => [token, id]));
  const own = new Set(tokensOf(tokenizer));
  const former = new Map(Object.entries(rename).map(([was, is]) => [is, was]));
  for (const [is, was] of former) {
    if (own.has(is) && ids.has(was)) continue;
    const where = own.has(is) ? `${folder} has no word "${was}"` : `the world has no word "${is}"`;
    throw new RecodiError('config', `init.rename: ${was}: ${is}: ${where}.`);
  }
  const file = openSafetensors(other.weightsFile);
  const parameters = fresh.slice();
  for (const { name, shape, offset } of lrmLayout(spec).entries) {
    const [rows = 1, ...rest] = shape;
    const width = rest.reduce((a, b) => a * b, 1);
    const found = file.tensors.get(name)?.shape;
    const perToken = /embed_tokens|lm_head/.test(name);
    const alike = found && (perToken ? found[1] === width : found.join() === shape.join());
    if (!alike)
      throw new RecodiError(
        'config',
        `init.lrm: ${folder}: tensor ${name} has shape [${found ?? 'none'}], the model of this config [${shape}]; give model and latents the sizes of that one.`,
      );
    const data = file.read(name);
    if (!perToken) {
      parameters.set(data, offset);
      continue;
    }
    for (let id = 0; id < rows; id++) {
      const token = tokenizer.token(id);
      const row = ids.get(former.get(token) ?? token);
      if (row !== undefined) parameters.set(data.subarray(row * width, (row + 1) * width), offset + id * width);
    }
  }
  return parameters;
}

const tokensOf = (tokenizer: Tokenizer) => Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.token(id));

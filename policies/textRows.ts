/**
 * The host side of texts that a policy scores: rows of token ids as packed inputs of its graphs, and numbers per token of a text
 * into that packing and out of it.
 */
import { packingOf } from '../src/lm/packing.ts';
import { f32, type Host, type HostArray, i32, RecodiError } from '../src/tensor/index.ts';
import { PROMPT_TOKENS, type PromptInputs, type TextInputs } from './languageModel.ts';

/** B texts, right-padded to T tokens; of G prompts each has B/G consecutive texts. */
export interface TextRows {
  /** [B·T], stop tokens included. */
  readonly ids: Int32Array;
  /** [B] */
  readonly lengths: ArrayLike<number>;
  /** T */
  readonly width: number;
}

export interface PackedTexts {
  readonly inputs: Host<TextInputs>;
  /** [m], 1 for each token of a text and 0 for the filling. */
  readonly mask: HostArray;
  /** [B·T] -> [m], 0 in the filling. */
  pack(values: Float32Array): HostArray;
  /** [m] -> [B·T], 0 after the texts' ends. */
  unpack(values: ArrayLike<number>): Float32Array;
}

export function packTexts(prompt: Host<PromptInputs>, { ids, lengths, width }: TextRows): PackedTexts {
  const rows = lengths.length;
  const group = rows / prompt.z.shape[0]!;
  if (!Number.isInteger(group))
    throw new RecodiError(
      'internal',
      `expected as many texts of each of ${prompt.z.shape[0]} prompts, got ${rows} texts`,
    );
  const questionWidth = prompt.question?.mask.shape[1] ?? 0;
  const own = questionWidth + PROMPT_TOKENS;
  const time = own + width - 1;
  const mask = new Float32Array(rows * width);
  const read = new Float32Array(rows * time);
  const scored: number[] = [];
  for (let b = 0; b < rows; b++) {
    mask.fill(1, b * width, b * width + lengths[b]!);
    const asked = Math.floor(b / group) * questionWidth;
    const question = prompt.question?.mask.data.subarray(asked, asked + questionWidth);
    if (question) read.set(question, b * time);
    read.fill(1, b * time + questionWidth, b * time + own + Math.max(0, lengths[b]! - 1));
    for (let t = 0; t < lengths[b]!; t++) scored.push(b * width + t);
  }
  const { packing, filling } = packingOf(read, time, { rows: group, length: own });
  const size = scored.length + filling;
  const pack = (values: Float32Array) => {
    const out = new Float32Array(size);
    for (let i = 0; i < scored.length; i++) out[i] = values[scored[i]!]!;
    return f32(out, [size]);
  };
  const wanted = new Int32Array(size);
  const next = new Int32Array(size);
  scored.forEach((at, i) => {
    const before = Math.floor(at / width) * time + own - 1 + (at % width);
    wanted[i] = packing.places.data[before]!;
    next[i] = ids[at]!;
  });
  return {
    inputs: {
      ids: i32(ids, [rows, width]),
      mask: f32(mask, [rows, width]),
      packing,
      wanted: i32(wanted, [size]),
      next: i32(next, [size]),
    },
    mask: pack(mask),
    pack,
    unpack(values) {
      const out = new Float32Array(ids.length);
      for (let i = 0; i < scored.length; i++) out[scored[i]!] = values[i]!;
      return out;
    },
  };
}

/**
 * Necessary work: the floating-point operations of the matrix products that a case cannot do without, two for every
 * multiply-add. Each token that is not padding is read once, by each model that has to read it; shared prompts and questions
 * count once; logits only where they are used; keys that a token may not see do not count. Everything else (norms, softmax,
 * sampling, the optimiser) counts nothing, so a share of the peak of 1 cannot be had.
 *
 * With d the width, L layers, h heads and g key heads of size a, f the feed-forward width, V words:
 *   a token through the blocks   2 L (d a (h + 2g) + a h d + 3 d f)
 *   a query and a key it sees    4 L h a
 *   a token's logits             2 d V
 * A backward pass is twice its forward pass; through weights that are frozen it is as much as the forward pass.
 */
import { type LoraSettings, loraShapes } from '../src/lm/lora.ts';
import { count } from '../src/lm/parameters.ts';
import type { ModelSpec } from '../src/lm/spec.ts';

/** What is read: tokens, pairs of a token and one that it sees (itself included), and places whose logits are used. */
export interface Reading {
  readonly tokens: number;
  readonly pairs: number;
  readonly logits: number;
}

/** `length` tokens after `past` others that were read before; logits at `used` of them. */
export function sequence(length: number, { past = 0, used = 0 } = {}): Reading {
  return { tokens: length, pairs: length * past + (length * (length + 1)) / 2, logits: used };
}

export function sum(readings: readonly Reading[]): Reading {
  const total = { tokens: 0, pairs: 0, logits: 0 };
  for (const { tokens, pairs, logits } of readings) {
    total.tokens += tokens;
    total.pairs += pairs;
    total.logits += logits;
  }
  return total;
}

/** FLOP of reading without a gradient. */
export function forwardFlops(model: ModelSpec, { tokens, pairs, logits }: Reading): number {
  const { hiddenSize: d, intermediateSize: f, layers, heads, kvHeads, headDim, vocabSize } = model;
  const projections = d * headDim * (heads + 2 * kvHeads) + headDim * heads * d;
  return (
    2 * layers * (projections + 3 * d * f) * tokens + 4 * layers * heads * headDim * pairs + 2 * d * vocabSize * logits
  );
}

/** A gradient costs three times the forward pass. */
export const WITH_GRADIENT = 3;

/** FLOP of reading with a gradient: of all parameters, or of adapters on frozen ones. */
export function gradientFlops({ model, lora }: { model: ModelSpec; lora?: LoraSettings }, reading: Reading): number {
  if (!lora) return WITH_GRADIENT * forwardFlops(model, reading);
  const attention = forwardFlops(model, { tokens: 0, pairs: reading.pairs, logits: 0 });
  const adapters = 2 * reading.tokens * loraShapes(model, lora).reduce((sum, [, shape]) => sum + count(shape), 0);
  return 2 * forwardFlops(model, reading) + attention + WITH_GRADIENT * adapters;
}

/**
 * Texts written after prompts of `prompt` tokens that groups of `samples` share: a prompt is read once, a text's last token
 * is chosen but not read. `lengths`: tokens of each text.
 */
export function writing(lengths: readonly number[], prompt: number, samples: number): Reading {
  const prompts = lengths.filter((_, i) => i % samples === 0).map(() => sequence(prompt));
  return sum([...prompts, ...lengths.map(length => sequence(length - 1, { past: prompt, used: length }))]);
}

/** Questions read once, and texts after them in equal groups. No logits. */
export function readingAfter(questions: readonly number[], texts: readonly number[]): Reading {
  const share = texts.length / questions.length;
  return sum([
    ...questions.map(length => sequence(length)),
    ...texts.map((length, i) => sequence(length, { past: questions[Math.floor(i / share)]! })),
  ]);
}

/** Expected number of groups met when `drawn` of `groups · size` items are drawn without replacement. */
export function groupsMet(groups: number, size: number, drawn: number): number {
  let missed = 1;
  const all = groups * size;
  for (let i = 0; i < size; i++) missed *= Math.max(0, all - drawn - i) / (all - i);
  return groups * (1 - missed);
}

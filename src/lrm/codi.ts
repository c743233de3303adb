/**
 * CODI's latent roll-out (arXiv 2502.21074) as graph code: question, `<bot>`, then N latent steps, then `<eot>` and the answer.
 *
 * The state after the final norm at the last position goes through the projection (Linear, GELU, Linear, LayerNorm) and
 * comes back as the next input embedding. State 0 is the one at `<bot>`; state k is what latent step k leaves. In a control model
 * nothing comes back: learned embeddings, the same for every question, stand in the latents' place (pause tokens, Goyal et al. 2024,
 * arXiv 2310.02226; here one for each step).
 * Everything here is tf ops over named weights, so training, inference and interventions are the same code.
 */

import { gelu, layerNorm } from '../lm/ops.ts';
import { type Layout, layout } from '../lm/parameters.ts';
import { type ModelSpec, parameterShapes } from '../lm/spec.ts';
import { embed, type ForwardInput, forward, logits, type Segment, statesOf } from '../lm/transformer.ts';
import type { Weights } from '../lm/weights.ts';
import { tf } from '../tensor/index.ts';

/** What a latent step takes in: the projection of the state before it, or its own learned embedding. */
export const LATENT_INPUTS = ['recurrent', 'pause'] as const;

/** What the graphs need to know of a latent-reasoning model; ids are token ids. */
export interface LrmSpec {
  readonly family: 'codi';
  readonly model: ModelSpec;
  readonly latents: number;
  readonly latentInputs: (typeof LATENT_INPUTS)[number];
  /** Of recurrent inputs. */
  readonly projectionSize: number;
  readonly botId: number;
  readonly eotId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Ids of the text between `<eot>` and the answer, e.g. "The answer is :". */
  readonly answerPrefix: readonly number[];
}

/** Token ids [B,T] int32 with their mask [B,T] float32 (1 = real token). */
export interface Tokens {
  readonly ids: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
}

/** A question that has been read: its keys and values, its last state [B,d], and how many real tokens it has [B,1]. */
export interface ReadQuestion {
  readonly segment: Segment;
  readonly last: tf.Tensor2D;
  readonly length: tf.Tensor2D;
}

/** Replaces the input embedding of latent steps: step k takes `embeddings[:, k-1]` where `mask[:, k-1]` is 1. Shapes [B,N,d], [B,N]. */
export interface Intervention {
  readonly mask: tf.Tensor2D;
  readonly embeddings: tf.Tensor3D;
}

/** The states 0…n, each [B,d] (final_norm), the inputs fed to steps 1…n, and the keys and values of `<bot>` and the latent steps. */
export interface Thought {
  readonly states: tf.Tensor2D[];
  readonly inputs: tf.Tensor2D[];
  readonly segment: Segment;
  /** Of states 0…n each block's output [B,d] but the last one's; empty unless asked for. */
  readonly outputs: tf.Tensor2D[][];
}

/** Names and shapes of the projection's parameters, as in CODI's checkpoints (`prj.1`, `prj.3`, `prj.ln`). */
export function projectionShapes(spec: LrmSpec): readonly (readonly [string, readonly number[]])[] {
  const d = spec.model.hiddenSize;
  const p = spec.projectionSize;
  return [
    ['prj.1.weight', [p, d]],
    ['prj.1.bias', [p]],
    ['prj.3.weight', [d, p]],
    ['prj.3.bias', [d]],
    ['prj.ln.weight', [d]],
    ['prj.ln.bias', [d]],
  ];
}

const PAUSE = 'pause.weight';

/** Every trained parameter of a latent-reasoning model, in the order of its flat vector. */
export function lrmLayout(spec: LrmSpec): Layout {
  const { latentInputs, latents, model } = spec;
  const own = latentInputs === 'pause' ? [[PAUSE, [latents, model.hiddenSize]] as const] : projectionShapes(spec);
  return layout([...parameterShapes(model), ...own]);
}

/** [B,d] -> [B,d]: a state becomes the next input embedding. */
export function project(weights: Weights, state: tf.Tensor2D): tf.Tensor2D {
  const linear = (x: tf.Tensor2D, name: string) =>
    tf.add(
      tf.matMul(x, weights.tensor(`${name}.weight`) as tf.Tensor2D, false, true),
      weights.tensor(`${name}.bias`),
    ) as tf.Tensor2D;
  const inner = linear(gelu(linear(state, 'prj.1')), 'prj.3');
  return layerNorm(inner, weights.tensor('prj.ln.weight'), weights.tensor('prj.ln.bias'), 1e-5);
}

/** What latent step k ≥ 1 takes in, given the states [B,d] before it: [B,d]. */
function latentInput(spec: LrmSpec, weights: Weights, k: number, before: tf.Tensor2D): tf.Tensor2D {
  if (spec.latentInputs === 'recurrent') return project(weights, before);
  const table = weights.tensor(PAUSE) as tf.Tensor2D;
  return tf.gather(table, tf.fill([before.shape[0]], k - 1, 'int32') as tf.Tensor1D);
}

/** Joins segments along the token axis. */
export function joinSegments(parts: readonly Segment[]): Segment {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const join = (pick: (s: Segment) => tf.Tensor4D[]) =>
    pick(first!).map((_, layer) =>
      tf.concat(
        parts.map(s => pick(s)[layer]!),
        2,
      ),
    );
  return {
    k: join(s => s.k),
    v: join(s => s.v),
    mask: tf.concat(
      parts.map(s => s.mask),
      1,
    ),
  };
}

/** Row `index[b]` of each row's tokens: [B,T,d], [B] int32 -> [B,d]. */
export function takeRows(hidden: tf.Tensor3D, index: tf.Tensor1D): tf.Tensor2D {
  const [rows, tokens, width] = hidden.shape;
  const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(tokens, 'int32')), index);
  return tf.gather(tf.reshape(hidden, [rows * tokens, width]), flat as tf.Tensor1D);
}

/** int32 [B]: the last places of the rows of a batch [B,T]. */
const ends = (rows: number, time: number) => tf.range(time - 1, rows * time, time, 'int32');

/** Reads a left-padded question. */
export function readQuestion(spec: LrmSpec, weights: Weights, question: Tokens): ReadQuestion {
  const [rows, tokens] = question.ids.shape;
  const input = {
    embeddings: embed(weights, question.ids),
    mask: question.mask,
    positions: positions(question.mask),
  };
  const { states, segment } = statesOf(spec.model, weights, input, { wanted: ends(rows, tokens) });
  return { segment, last: states, length: tf.sum(question.mask, 1, true) };
}

/** Positions of `mask`ed tokens when `offset` [B,1] real tokens went before: [B,T] int32. */
export function positions(mask: tf.Tensor2D, offset?: tf.Tensor2D): tf.Tensor2D {
  const own = tf.maximum(tf.sub(tf.cumsum(mask, 1), 1), 0);
  return tf.cast(offset ? tf.add(own, offset) : own, 'int32') as tf.Tensor2D;
}

/** `<bot>` and the latent steps after a question. */
export function think(
  spec: LrmSpec,
  weights: Weights,
  question: ReadQuestion,
  options: { steps?: number; intervention?: Intervention; outputs?: boolean } = {},
): Thought {
  const rows = question.last.shape[0];
  const steps = options.steps ?? spec.latents;
  const one = tf.ones([rows, 1]) as tf.Tensor2D;
  const states: tf.Tensor2D[] = [];
  const inputs: tf.Tensor2D[] = [];
  const parts: Segment[] = [];
  const outputs: tf.Tensor2D[][] = [];
  let input = tf.reshape(embed(weights, tf.fill([rows, 1], spec.botId, 'int32') as tf.Tensor2D), [
    rows,
    -1,
  ]) as tf.Tensor2D;
  for (let k = 0; k <= steps; k++) {
    if (k > 0) {
      input = latentInput(spec, weights, k, states[k - 1]!);
      if (options.intervention) input = replaceInput(input, options.intervention, k);
      inputs.push(input);
    }
    const taken = {
      embeddings: tf.expandDims(input, 1) as tf.Tensor3D,
      mask: one,
      positions: tf.cast(tf.add(question.length, k), 'int32') as tf.Tensor2D,
      past: parts.length ? [question.segment, joinSegments(parts)] : [question.segment],
    };
    const out = forward(spec.model, weights, taken, { hiddenStates: options.outputs ?? false });
    const flat = (of: tf.Tensor3D): tf.Tensor2D => tf.reshape(of, [rows, -1]);
    states.push(flat(out.hidden));
    if (options.outputs) outputs.push(out.hiddenStates.slice(1, -1).map(flat));
    parts.push(out.segment);
  }
  return { states, inputs, segment: joinSegments(parts), outputs };
}

function replaceInput(input: tf.Tensor2D, by: Intervention, k: number): tf.Tensor2D {
  const rows = input.shape[0];
  const mask = tf.slice(by.mask, [0, k - 1], [rows, 1]);
  const other = tf.reshape(tf.slice(by.embeddings, [0, k - 1, 0], [rows, 1, -1]), [rows, -1]);
  return tf.add(tf.mul(input, tf.sub(1, mask)), tf.mul(other, mask)) as tf.Tensor2D;
}

/** Tokens [B,T] after segments that hold `offset` [B,1] real tokens, as the transformer takes them. */
export function after(
  weights: Weights,
  past: readonly Segment[],
  offset: tf.Tensor2D,
  { ids, mask }: Tokens,
): ForwardInput {
  return { embeddings: embed(weights, ids), mask, positions: positions(mask, offset), past };
}

/** Logits [B,V] of the answer's first token after `<eot>` and the answer prefix. */
export function answerLogits(spec: LrmSpec, weights: Weights, question: ReadQuestion, thought: Thought): tf.Tensor2D {
  const rows = question.last.shape[0];
  const ids = tf.tile(tf.tensor2d([spec.eotId, ...spec.answerPrefix], [1, 1 + spec.answerPrefix.length], 'int32'), [
    rows,
    1,
  ]);
  const offset = tf.add(question.length, thought.states.length) as tf.Tensor2D;
  const tokens = { ids: ids as tf.Tensor2D, mask: tf.ones(ids.shape) as tf.Tensor2D };
  const width = ids.shape[1]!;
  const { states } = statesOf(
    spec.model,
    weights,
    after(weights, [question.segment, thought.segment], offset, tokens),
    { wanted: ends(rows, width) },
  );
  return logits(spec.model, weights, states);
}

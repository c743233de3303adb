/**
 * Writing text: prompt in, sampled or greedy tokens out. One graph reads the prompt and writes the first tokens, another
 * continues from keys and values that the host keeps; each call writes several tokens. Tokens come from uniform numbers
 * that the caller gives (inverse CDF, inside the graph): a text depends on its own numbers, not on the worker that wrote
 * it or on the other rows of its batch. What a row would write after its end is computed and dropped.
 */
import * as tf from '@tensorflow/tfjs';
import { compileParts, f32, type Host, type HostArray, i32, RecodiError } from '../tensor/index.ts';
import { KeyStore } from './keyStore.ts';
import { repeatRows } from './ops.ts';
import { choose } from './sample.ts';
import type { ModelSpec } from './spec.ts';
import { columns, Transcript } from './transcript.ts';
import {
  embed,
  type ForwardInput,
  forward,
  joinSegments,
  logits,
  repeatSegment,
  type Segment,
  statesOf,
} from './transformer.ts';
import type { Weights } from './weights.ts';

export interface DecoderOptions<P> {
  /** Appears in errors and in the engine's statistics. */
  readonly name: string;
  readonly spec: ModelSpec;
  /** The model's weights, given the parameters of the call, if it has any. */
  readonly weights: (params: Readonly<Record<string, tf.Tensor>> | undefined) => Weights;
  /** What is read before the first token, padded on either side; may bring past segments. */
  readonly prompt: (weights: Weights, inputs: P) => ForwardInput;
  /** Ids that are never written, and ids that are not written first. */
  readonly banned?: readonly number[];
  readonly bannedFirst?: readonly number[];
  /** Ids that end a text; the one written is part of it. */
  readonly stop: readonly number[];
  /** Written after the end; 0 if absent. */
  readonly padId?: number;
  /** Tokens per graph call; chosen from the model's depth if absent. */
  readonly unroll?: number;
  /** See CompileOptions. */
  readonly prepack?: boolean;
  readonly int8?: boolean;
  readonly hot?: boolean;
}

export interface GenerateRequest<P> {
  readonly params?: Readonly<Record<string, HostArray>>;
  readonly inputs: Host<P>;
  /** [B*maxNewTokens] in [0,1), row by row: as many consecutive texts of each prompt. Absent = one greedy text of each. */
  readonly uniforms?: Float32Array;
  /** The logits are divided by it; 1 if absent. */
  readonly temperature?: number;
  readonly maxNewTokens: number;
  /** Heeded between calls. */
  readonly signal?: AbortSignal;
}

export interface Generated {
  /** [B*maxNewTokens], `padId` after the end. */
  readonly tokens: Int32Array;
  /** [B] tokens written, the stop token included. */
  readonly lengths: Int32Array;
  /** [B*maxNewTokens] log-probability under the distribution drawn from (temperature and bans included), 0 after the end. */
  readonly logprobs: Float32Array;
  /** [B] 1 where a stop token was written. */
  readonly stopped: Uint8Array;
}

export interface Decoder<P> {
  generate(request: GenerateRequest<P>): Promise<Generated>;
  release(): Promise<void>;
}

/** Graphs of about this many blocks are quick to build and leave little time between calls: tokens per call times layers. */
const BLOCKS_PER_CALL = 64;
/** Up to this many tokens a prompt's keys are joined with the new ones; longer ones stay a segment of their own. */
const JOINED_PROMPT = 32;
/** The key store's size is rounded up to a multiple of this, so that texts of similar length share a graph. */
const CAPACITY_STEP = 16;

type Draw = {
  readonly params?: Readonly<Record<string, tf.Tensor>>;
  readonly uniforms?: tf.Tensor2D;
  readonly temperature: tf.Scalar;
};
type Opening<P> = Draw & { readonly prompt: P };
type Continuation = Draw & { readonly past: Segment[]; readonly token: tf.Tensor1D; readonly position: tf.Tensor1D };
type Written = { tokens: tf.Tensor2D; logprobs: tf.Tensor2D };
/** What a continuation needs: keys and values of all tokens but the last written, and the last one's position. */
type State = { past: Segment[]; own: Segment; position: tf.Tensor1D };

export function createDecoder<P>(options: DecoderOptions<P>): Decoder<P> {
  const { spec } = options;
  const banned = options.banned ?? [];
  const bannedFirst = [...banned, ...(options.bannedFirst ?? [])];
  const settings = { prepack: options.prepack ?? false, int8: options.int8 ?? false, hot: options.hot ?? false };
  const { graph, release } = compileParts(options.name, settings);

  const choice = (scores: tf.Tensor2D, draw: Draw, step: number, first: boolean) =>
    choose(scores, {
      temperature: draw.temperature,
      banned: first ? bannedFirst : banned,
      ...(draw.uniforms && { uniforms: tf.slice(draw.uniforms, [0, step], [-1, 1]) }),
    });

  const open =
    (count: number, keep: boolean) =>
    (inputs: Opening<P>): Written & Partial<State> => {
      const weights = options.weights(inputs.params);
      const prompt = options.prompt(weights, inputs.prompt);
      const last = lastPlaces(prompt.mask);
      const { states, segment } = statesOf(spec, weights, prompt, { wanted: last });
      const prompts = states.shape[0];
      const samples = inputs.uniforms ? inputs.uniforms.shape[0] / prompts : 1;
      const joined = segment.mask.shape[1] <= JOINED_PROMPT;
      const past = joined ? (prompt.past ?? []) : [...(prompt.past ?? []), segment];
      let own = joined ? repeatSegment(segment, samples) : undefined;
      const ends: tf.Tensor2D = tf.reshape(tf.gather(tf.reshape(prompt.positions, [-1]), last), [prompts, 1]);
      let position: tf.Tensor1D = tf.reshape(repeatRows(ends, samples), [-1]);
      const picks = [choice(repeatRows(logits(spec, weights, states), samples), inputs, 0, true)];
      while (picks.length < count) {
        position = next(position);
        const more = readToken(spec, weights, { past, own, token: picks.at(-1)!.token, position });
        own = more.segment;
        picks.push(choice(logits(spec, weights, more.state), inputs, picks.length, false));
      }
      const written = joinedPicks(picks);
      if (!keep) return written;
      if (!joined) {
        const before = repeatSegment(segment, samples);
        own = own ? joinSegments(before, own) : before;
      }
      return { ...written, past: [...(prompt.past ?? [])], own: own!, position };
    };

  const proceed =
    (count: number) =>
    (inputs: Continuation): Written & { own: Segment; position: tf.Tensor1D } => {
      const weights = options.weights(inputs.params);
      const picks: ReturnType<typeof choice>[] = [];
      let { token, position } = inputs;
      let own: Segment | undefined;
      while (picks.length < count) {
        position = next(position);
        const more = readToken(spec, weights, { past: inputs.past, own, token, position });
        own = more.segment;
        const pick = choice(logits(spec, weights, more.state), inputs, picks.length, false);
        picks.push(pick);
        token = pick.token;
      }
      return { ...joinedPicks(picks), own: own!, position };
    };

  return {
    async generate(request) {
      const { maxNewTokens, uniforms } = request;
      const rowsAsked = (uniforms?.length ?? 0) / maxNewTokens;
      if (!Number.isInteger(rowsAsked)) {
        const found = `${uniforms?.length ?? 0} uniform numbers for texts of ${maxNewTokens} tokens`;
        throw new RecodiError('internal', `"${options.name}": ${found}; expected rows × tokens of them.`);
      }
      const deepest = options.unroll ?? Math.max(1, Math.floor(BLOCKS_PER_CALL / spec.layers));
      const calls = Math.ceil(maxNewTokens / deepest);
      const count = Math.ceil(maxNewTokens / calls);
      const kind = `${count}${uniforms ? '.sampled' : '.greedy'}`;
      const draw = (rows: number, from: number) => ({
        ...(request.params && { params: request.params }),
        ...(uniforms && { uniforms: f32(columns(uniforms, rows, maxNewTokens, from, count), [rows, count]) }),
        temperature: f32([request.temperature ?? 1], []),
      });
      const opening = graph(`open.${kind}${calls > 1 ? '.kept' : ''}`, open(count, calls > 1));
      const first = await opening({ ...draw(rowsAsked, 0), prompt: request.inputs } as Host<Opening<P>>);
      const rows = first.tokens.shape[0]!;
      const result = new Transcript(rows, maxNewTokens, options.stop, options.padId ?? 0);
      result.add(first);
      if (calls === 1 || result.ended) return generated(result);

      const { past, own, position } = first as Host<Written & State>;
      const length = own.mask.shape[1]!;
      const capacity = Math.ceil((length + (calls - 1) * count) / CAPACITY_STEP) * CAPACITY_STEP;
      const store = new KeyStore(spec, rows, capacity);
      store.append(own);
      const continuation = graph(`continue.${kind}`, proceed(count));
      let at = position;
      while (!result.ended) {
        request.signal?.throwIfAborted();
        const more = await continuation({
          ...draw(rows, result.width),
          past: [...past, store.segment],
          token: i32(result.lastTokens, [rows]),
          position: at,
        } as Host<Continuation>);
        store.append(more.own);
        at = more.position;
        result.add(more);
      }
      return generated(result);
    },
    release,
  };
}

function generated({ tokens, lengths, logprobs, stopped }: Transcript): Generated {
  return { tokens, lengths, logprobs, stopped };
}

/** Reads one token [B] per row at its position [B]: its state [B,d], and what the row's own segment is with it. */
export function readToken(
  spec: ModelSpec,
  weights: Weights,
  {
    past,
    own,
    token,
    position,
  }: { past: readonly Segment[]; own?: Segment | undefined; token: tf.Tensor1D; position: tf.Tensor1D },
): { state: tf.Tensor2D; segment: Segment } {
  const rows = token.shape[0];
  const { hidden, segment } = forward(spec, weights, {
    embeddings: embed(weights, tf.reshape(token, [rows, 1])),
    mask: tf.ones([rows, 1]),
    positions: tf.reshape(position, [rows, 1]),
    past,
    ...(own && { extend: own }),
  });
  return { state: tf.reshape(hidden, [rows, spec.hiddenSize]) as tf.Tensor2D, segment };
}

/** Index into [B*T] of each row's last token; its first place where a row has none. */
export function lastPlaces(mask: tf.Tensor2D): tf.Tensor1D {
  const [rows, time] = mask.shape;
  const places = tf.max(tf.mul(mask, tf.reshape(tf.range(0, time, 1, 'float32'), [1, time])), 1);
  return tf.add(tf.cast(places, 'int32'), tf.range(0, rows * time, time, 'int32'));
}

function next(position: tf.Tensor1D): tf.Tensor1D {
  return tf.add(position, tf.scalar(1, 'int32'));
}

function joinedPicks(picks: readonly { token: tf.Tensor1D; logProb: tf.Tensor1D }[]): Written {
  return {
    tokens: tf.stack(
      picks.map(pick => pick.token),
      1,
    ) as tf.Tensor2D,
    logprobs: tf.stack(
      picks.map(pick => pick.logProb),
      1,
    ) as tf.Tensor2D,
  };
}

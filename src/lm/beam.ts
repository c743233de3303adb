/**
 * Beam search with a floor: the likeliest continuations of a prompt up to a stop token, none of whose tokens falls below a
 * log-probability. Width bounds the work, the floor says what may be said at all. A model's support under the floor is found
 * whole where it has no more continuations than the beam is wide.
 *
 * Beams share their prompt's keys and values; their own stand in a store whose rows follow the beams.
 */
import * as tf from '@tensorflow/tfjs';
import { compileParts, type Host, type HostArray, i32 } from '../tensor/index.ts';
import { type DecoderOptions, lastPlaces, readToken } from './decode.ts';
import { KeyStore } from './keyStore.ts';
import { allow } from './sample.ts';
import { type ForwardInput, logits, type Segment, statesOf } from './transformer.ts';
import type { Weights } from './weights.ts';

export interface BeamRequest<P> {
  readonly params?: Readonly<Record<string, HostArray>>;
  readonly inputs: Host<P>;
  /** Beams per prompt, and the most continuations found for one. */
  readonly width: number;
  /** Least log-probability of a token, in nats. */
  readonly floor: number;
  readonly maxNewTokens: number;
}

export interface Continuation {
  /** The stop token included. */
  readonly tokens: readonly number[];
  readonly logProb: number;
}

export interface BeamSearch<P> {
  /** Per prompt, likeliest first. */
  search(request: BeamRequest<P>): Promise<Continuation[][]>;
}

type Params = { readonly params?: Readonly<Record<string, tf.Tensor>> };
/** Of each row the likeliest next tokens and their log-probabilities [n,k]. */
type Best = { readonly tokens: tf.Tensor2D; readonly logProbs: tf.Tensor2D };
type Opened = Best & { readonly segment: Segment; readonly position: tf.Tensor1D };
type Advance = Params & { readonly past: Segment[]; readonly token: tf.Tensor1D; readonly position: tf.Tensor1D };
type Advanced = Best & { readonly segment: Segment };

/** A text under way, in row `row` of the store. */
interface Beam extends Continuation {
  readonly row: number;
}

export function createBeamSearch<P>(options: DecoderOptions<P>): BeamSearch<P> {
  const { name, spec, banned = [] } = options;
  const stop = new Set(options.stop);
  const settings = { prepack: options.prepack ?? false, hot: options.hot ?? false };

  const best = (weights: Weights, states: tf.Tensor2D, width: number): Best => {
    const scores = allow(logits(spec, weights, states), banned);
    const { values, indices } = tf.topk(tf.logSoftmax(scores), Math.min(width, spec.vocabSize));
    return { tokens: indices as tf.Tensor2D, logProbs: values as tf.Tensor2D };
  };
  const open =
    (width: number) =>
    ({ params, prompt }: Params & { prompt: P }): Opened => {
      const weights = options.weights(params);
      const read: ForwardInput = options.prompt(weights, prompt);
      const wanted = lastPlaces(read.mask);
      const { states, segment } = statesOf(spec, weights, read, { wanted });
      const position = tf.gather(tf.reshape(read.positions, [-1]), wanted) as tf.Tensor1D;
      return { ...best(weights, states, width), segment, position };
    };
  const advance =
    (width: number) =>
    ({ params, past, token, position }: Advance): Advanced => {
      const weights = options.weights(params);
      const { state, segment } = readToken(spec, weights, { past, token, position });
      return { ...best(weights, state, width), segment };
    };
  const { graph } = compileParts(name, settings);

  return {
    async search({ params, inputs, width, floor, maxNewTokens }) {
      const given = params ? { params } : {};
      const opened = await graph(`open.${width}`, open(width))({ ...given, prompt: inputs } as never);
      const { segment, position } = opened as Host<Opened>;
      const prompts = position.shape[0]!;
      const rows = prompts * width;
      // The last token of a text is never read.
      const store = new KeyStore(spec, rows, maxNewTokens - 1);
      const found: Continuation[][] = Array.from({ length: prompts }, () => []);
      let next = Array.from({ length: prompts }, (_, p) => children(opened as Host<Best>, p, floor, root));
      for (let length = 1; ; length++) {
        const beams = next.map((candidates, p) => keep(candidates, width, stop, found[p]!));
        if (length === maxNewTokens || beams.every(list => list.length === 0)) break;
        const live = beams.flatMap((list, p) => list.map((beam, i) => ({ beam, p, row: p * width + i })));
        const token = new Int32Array(rows);
        const from = Int32Array.from({ length: rows }, (_, row) => row);
        for (const { beam, row } of live) {
          token[row] = beam.tokens.at(-1)!;
          from[row] = beam.row;
        }
        store.reorder(from);
        const more = (await graph(
          `advance.${width}`,
          advance(width),
        )({
          ...given,
          past: [segment, store.segment],
          token: i32(token, [rows]),
          position: i32(
            token.map((_, row) => position.data[Math.floor(row / width)]! + length),
            [rows],
          ),
        } as never)) as Host<Advanced>;
        store.append(more.segment);
        next = beams.map((list, p) => list.flatMap((beam, i) => children(more, p * width + i, floor, beam)));
      }
      return found;
    },
  };
}

const root: Continuation = { tokens: [], logProb: 0 };

const likelier = (a: Continuation, b: Continuation) => b.logProb - a.logProb;

/** What row `row` of a graph's answer adds to a text, above the floor. */
function children({ tokens, logProbs }: Host<Best>, row: number, floor: number, of: Continuation): Beam[] {
  const [, count = 0] = tokens.shape;
  const out: Beam[] = [];
  for (let i = row * count; i < (row + 1) * count && logProbs.data[i]! >= floor; i++)
    out.push({ tokens: [...of.tokens, tokens.data[i]!], logProb: of.logProb + logProbs.data[i]!, row });
  return out;
}

/** Moves what has ended to `found`, the best `width` of it; the likeliest of the rest that may still come to stand there. */
function keep(candidates: readonly Beam[], width: number, stop: ReadonlySet<number>, found: Continuation[]): Beam[] {
  const ended = (beam: Beam) => stop.has(beam.tokens.at(-1)!);
  found.push(...candidates.filter(ended));
  found.sort(likelier).splice(width);
  const least = found.length < width ? Number.NEGATIVE_INFINITY : found.at(-1)!.logProb;
  return candidates
    .filter(beam => !ended(beam) && beam.logProb > least)
    .sort(likelier)
    .slice(0, width);
}

/**
 * The host side of an oracle's prompts: text with a marker per vector as token ids, and batches of them as inputs of its graphs.
 * The format is that of activation oracles: `Layer: L`, then ` ?` for each vector, then the question.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { padTokens } from '../lrm/batches.ts';
import { RecodiError } from '../run/errors.ts';
import { f32, type Host, i32 } from '../tensor/index.ts';
import type { LossInputs, OracleInputs, OracleSpec } from './model.ts';

/** One question, and vectors as they are injected. */
export interface PromptRow {
  readonly ids: readonly number[];
  /** Places of the K markers among them. */
  readonly markers: readonly number[];
  /** [K,targetSize] */
  readonly vectors: Float32Array;
}

/** With the tokens that are the answer, the end included. */
export interface AnsweredRow extends PromptRow {
  readonly answer: readonly number[];
}

/** What stands before the question, beside the markers' own words. */
export const LAYER = 'Layer:';
export const MARKER = ' ?';

/** @throws RecodiError('input') where the tokenizer does not keep markers apart. */
export function promptTokens(
  { encode }: Pick<Tokenizer, 'encode'>,
  { layer, vectors, question }: { readonly layer: number; readonly vectors: number; readonly question: string },
): Pick<PromptRow, 'ids' | 'markers'> {
  const before = encode(`${LAYER} ${layer}\n`);
  const shown = encode(MARKER.repeat(vectors));
  if (shown.length !== vectors)
    throw new RecodiError(
      'input',
      `expected one token for each marker "${MARKER}", got ${shown.length} for ${vectors}: this model's tokenizer joins or splits them; name another model.`,
    );
  const markers = shown.map((_, i) => before.length + i);
  return { ids: [...before, ...shown, ...encode(` \n${question}`)], markers };
}

/** vector [K,d] -> as it is injected: unit length times the coefficient, or standardised by the statistics of its layer. */
export function injected(
  { injection, targetSize: d }: Pick<OracleSpec, 'injection' | 'targetSize'>,
  vectors: Float32Array,
  { mean, deviation }: LayerStatistics,
): Float32Array {
  if (injection.kind === 'embedding')
    return vectors.map((x, i) => (x - mean[i % d]!) / Math.max(deviation[i % d]!, Number.EPSILON));
  const out = new Float32Array(vectors.length);
  for (let from = 0; from < vectors.length; from += d) {
    const own = vectors.subarray(from, from + d);
    const length = Math.hypot(...own);
    own.forEach((x, i) => {
      out[from + i] = length > 0 ? (injection.coefficient * x) / length : 0;
    });
  }
  return out;
}

/** Of the vectors of a layer, both [d]. */
export interface LayerStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Prompts, left-padded, as a decoder takes them. */
export function promptInputs(spec: OracleSpec, rows: readonly PromptRow[]): Host<OracleInputs> {
  const padded = padTokens(
    rows.map(row => row.ids),
    spec.padId,
    'left',
  );
  const width = padded.ids.shape[1]!;
  return { ...padded, ...shownIn(spec, rows, width, row => width - row.ids.length) };
}

/** Vectors of a batch, after one of zeros, and which stands where. As many as `most` per row, so that few shapes occur. */
function shownIn(
  { targetSize: d }: OracleSpec,
  rows: readonly PromptRow[],
  width: number,
  offset: (row: PromptRow) => number,
) {
  const most = Math.max(...rows.map(row => row.markers.length));
  const vectors = new Float32Array((1 + rows.length * most) * d);
  const shown = new Int32Array(rows.length * width);
  rows.forEach((row, b) => {
    vectors.set(row.vectors, (1 + b * most) * d);
    row.markers.forEach((place, k) => {
      shown[b * width + offset(row) + place] = 1 + b * most + k;
    });
  });
  return { vectors: f32(vectors, [vectors.length / d, d]), shown: i32(shown, [shown.length]) };
}

const ANSWER_STEP = 4;

/** Prompts and answers, right-padded; `tokens` answer tokens has the whole batch that these rows are of. */
export function lossInputs(spec: OracleSpec, rows: readonly AnsweredRow[], tokens: number): Host<LossInputs> {
  const texts = rows.map(({ ids, answer }) => [...ids, ...answer.slice(0, -1)]);
  const padded = padTokens(texts, spec.padId, 'right');
  const width = padded.ids.shape[1]!;
  const longest = Math.max(...rows.map(row => row.answer.length));
  const each = Math.ceil(longest / ANSWER_STEP) * ANSWER_STEP;
  const size = rows.length * each;
  const [wanted, next, counted] = [new Int32Array(size), new Int32Array(size), new Float32Array(size)];
  rows.forEach(({ ids, answer }, b) => {
    answer.forEach((token, t) => {
      wanted[b * each + t] = b * width + ids.length - 1 + t;
      next[b * each + t] = token;
      counted[b * each + t] = 1;
    });
  });
  return {
    ...padded,
    ...shownIn(spec, rows, width, () => 0),
    wanted: i32(wanted, [size]),
    next: i32(next, [size]),
    counted: f32(counted, [size]),
    tokens: f32([tokens], []),
  };
}

/**
 * Training rows for activation oracles (Karvonen et al. 2025, github.com/adamkarvonen/activation_oracles): one user turn
 * `Layer: L`, a ` ?` per injected vector, then a question; the vectors are raw and written out, since latent steps have no
 * token position to take them from.
 *
 * `input_ids`, `labels` and `positions` are made where the latent model's own tokenizer can write the turn: it has a chat template
 * and one token for ` ?`. Else they are empty, and the oracle's own tokenizer makes them from `meta_info.prompt`.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { type Anchor, parseAnchor } from '../lrm/anchors.ts';
import type { Label } from './schema.ts';

const PLACEHOLDER = ' ?';
/** What a loss leaves out. */
const IGNORED = -100;

export interface OracleRow {
  readonly datapoint_type: 'recodi_latent';
  readonly input_ids: readonly number[];
  readonly labels: readonly number[];
  /** 0-based block whose output, after the final norm, the vectors are. */
  readonly layer: number;
  /** [K,d] */
  readonly steering_vectors: readonly (readonly number[])[];
  readonly positions: readonly number[];
  readonly feature_idx: -1;
  readonly target_output: string;
  /** What the latent model had read: question and `<bot>`. */
  readonly context_input_ids: readonly number[];
  readonly context_positions: null;
  readonly ds_label: 'recodi';
  readonly meta_info: {
    readonly prompt: string;
    readonly question: string;
    readonly label: string;
    readonly problem: string;
    readonly steps: readonly number[];
    readonly space: 'final_norm';
    readonly anchor: string | null;
  };
}

const UP_TO: Readonly<Record<Anchor['point'], string>> = {
  open: 'the first word of',
  before: 'the result, not yet written, of',
  result: 'the result of',
  end: 'the end of',
};

/** What the oracle is asked. A translated reading goes up to its anchor: one latent may hold several thoughts. */
export function oracleQuestion({ space, anchor: name }: Pick<Label, 'space' | 'anchor'>): string {
  const anchor = space === 'translated' && name !== null ? parseAnchor(name) : undefined;
  if (!anchor) return 'What is the model thinking here? Write it as its chain of thought would.';
  return `What is the model thinking here? Write its chain of thought up to ${UP_TO[anchor.point]} step ${anchor.step}.`;
}

export interface OracleParts {
  /** Raw latents of the label's steps, [K,d]. */
  readonly latents: readonly (readonly number[])[];
  readonly layer: number;
  readonly context: readonly number[];
  readonly tokenizer: Tokenizer;
}

/** Of a label that has an explanation. */
export function oracleRow(
  label: Label & { readonly explanation: string },
  { latents, layer, context, tokenizer }: OracleParts,
): OracleRow {
  const question = oracleQuestion(label);
  const prompt = `Layer: ${layer}\n${PLACEHOLDER.repeat(latents.length)} \n${question}`;
  return {
    datapoint_type: 'recodi_latent',
    ...turn(prompt, label.explanation, latents.length, tokenizer),
    layer,
    steering_vectors: latents,
    feature_idx: -1,
    target_output: label.explanation,
    context_input_ids: context,
    context_positions: null,
    ds_label: 'recodi',
    meta_info: {
      prompt,
      question,
      label: label.id,
      problem: label.problem,
      steps: label.steps,
      space: 'final_norm',
      anchor: label.anchor,
    },
  };
}

/** The turn and its answer as token ids, the answer alone in the labels; all empty where the tokenizer cannot write them. */
function turn(
  prompt: string,
  target: string,
  count: number,
  tokenizer: Tokenizer,
): Pick<OracleRow, 'input_ids' | 'labels' | 'positions'> {
  const nothing = { input_ids: [], labels: [], positions: [] };
  const { encode, decode, eosId } = tokenizer;
  const [placeholder, ...more] = encode(PLACEHOLDER);
  if (placeholder === undefined || more.length > 0 || decode(encode(prompt)) !== prompt) return nothing;
  const asked = chatTurn(prompt, tokenizer);
  if (!asked) return nothing;
  const start = asked.indexOf(placeholder);
  const positions = Array.from({ length: count }, (_, i) => start + i);
  if (positions.some(position => asked[position] !== placeholder)) return nothing;
  const answer = [...encode(target), ...(eosId === undefined ? [] : [eosId])];
  return { input_ids: [...asked, ...answer], labels: [...asked.map(() => IGNORED), ...answer], positions };
}

/** undefined where the tokenizer has no chat template. */
function chatTurn(content: string, { applyChatTemplate }: Tokenizer): number[] | undefined {
  try {
    return applyChatTemplate([{ role: 'user', content }]);
  } catch {
    return undefined;
  }
}

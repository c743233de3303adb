/**
 * Training rows for activation oracles (Karvonen et al. 2025, github.com/adamkarvonen/activation_oracles): one user turn
 * `Layer: L`, a ` ?` per injected vector, then a question; the vectors are raw and written out, since latent steps have no
 * token position to take them from. Their reader allows no fields but these, so what justifies a row stands in `meta_info`.
 *
 * `input_ids`, `labels` and `positions` are made where the latent model's own tokenizer can write the turn: it has a chat template
 * and one token for ` ?`. Else they are empty, and the oracle's own tokenizer makes them from `meta_info.question`.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Tokenizer } from '../../lm/tokenizer.ts';
import { type Anchor, parseAnchor } from '../../lrm/anchors.ts';
import { writeFileAtomic } from '../../run/files.ts';
import { formatJsonl } from '../../run/jsonl.ts';
import type { Label } from '../schema.ts';
import { columnsOf } from './columns.ts';
import { evidenceOf, evidenceSchema } from './evidence.ts';
import type { Exporter } from './exporter.ts';
import { type AcceptedRow, acceptedRows } from './source.ts';
import { chatTurn } from './turn.ts';

const PLACEHOLDER = ' ?';
/** What a loss leaves out. */
const IGNORED = -100;

export const oracleRowSchema = z.strictObject({
  datapoint_type: z.literal('recodi_latent'),
  input_ids: z.array(z.int()),
  labels: z.array(z.int()),
  /** 0-based block whose output, after the final norm, the vectors are. */
  layer: z.int(),
  /** [K,d] */
  steering_vectors: z.array(z.array(z.number())),
  positions: z.array(z.int()),
  feature_idx: z.literal(-1),
  target_output: z.string(),
  /** What the latent model had read: question and `<bot>`. */
  context_input_ids: z.array(z.int()),
  /** Always null: latent steps are no positions of the context. */
  context_positions: z.array(z.int()).nullable(),
  ds_label: z.literal('recodi'),
  meta_info: evidenceSchema.extend({
    prompt: z.string(),
    question: z.string(),
    problem: z.string(),
    steps: z.array(z.int()),
    space: z.literal('final_norm'),
    anchor: z.string().nullable(),
  }),
});

export type OracleRow = z.infer<typeof oracleRowSchema>;

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

/** What rows take from the latent model and the labelling. */
export interface OracleParts {
  readonly layer: number;
  /** Token before the first latent step. */
  readonly botId: number;
  readonly tokenizer: Tokenizer;
  readonly accept: number;
}

export function oracleRow(
  { label, latents }: AcceptedRow,
  { layer, botId, tokenizer, accept }: OracleParts,
): OracleRow {
  const question = oracleQuestion(label);
  const prompt = `Layer: ${layer}\n${PLACEHOLDER.repeat(latents.length)} \n${question}`;
  return {
    datapoint_type: 'recodi_latent',
    ...turn(prompt, label.explanation, latents.length, tokenizer),
    layer,
    steering_vectors: latents.map(latent => [...latent]),
    feature_idx: -1,
    target_output: label.explanation,
    context_input_ids: [...tokenizer.encode(label.question), botId],
    context_positions: null,
    ds_label: 'recodi',
    meta_info: {
      prompt,
      question,
      problem: label.problem,
      steps: label.steps,
      space: 'final_norm',
      anchor: label.anchor,
      ...evidenceOf(label, accept),
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

const FILE = 'ao/rows.jsonl';

export const ao: Exporter = {
  files: [FILE],
  card: 'README.md',
  what: 'the accepted labels as training rows for [activation oracles](https://github.com/adamkarvonen/activation_oracles)',
  columns: () => columnsOf(oracleRowSchema),
  write(folder, source) {
    const { spec, tokenizer } = source.lrm;
    const parts = { layer: spec.model.layers - 1, botId: spec.botId, tokenizer, accept: source.calibration.accept };
    const rows = acceptedRows(source.labels).map(row => oracleRow(row, parts));
    writeFileAtomic(join(folder, FILE), formatJsonl(rows));
    return { rows: rows.length, leftOut: [] };
  },
};

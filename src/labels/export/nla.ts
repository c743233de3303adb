/**
 * The data set that natural-language autoencoders train their verbaliser on (Transformer Circuits 2026,
 * github.com/kitft/natural_language_autoencoders, stage `av_sft`): a parquet file and beside it a sidecar, both as nla/data_source.py,
 * nla/config.py and nla/datagen/sidecar.py there read them. Vectors are raw: normalising is left to the training. Columns beyond theirs
 * are read past; the sidecar takes further keys at its top level alone.
 *
 * A row holds one vector: the label's own, as it was read, which is what its explanation was scored against.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Tokenizer } from '../../lm/tokenizer.ts';
import { makeFolder, writeFileAtomic } from '../../run/files.ts';
import { packageVersion } from '../../run/package.ts';
import { type Columns, columnsOf } from './columns.ts';
import { evidenceOf, evidenceSchema } from './evidence.ts';
import type { Exporter } from './exporter.ts';
import { parquetOf } from './parquet.ts';
import { type AcceptedRow, acceptedRows, type Source } from './source.ts';
import { chatTurn } from './turn.ts';

const FILE = 'nla/labels.parquet';
const SIDECAR = `${FILE}.nla_meta.yaml`;

/** Where a prompt in the file has the vector; the reader puts the injection character there. */
const INJECT = '<INJECT>';
const CLOSE = '</explanation>';

/** The slots in braces are filled by Python's `str.format`. A vector's neighbours must be tokens of their own. */
const ACTOR =
  'A language model that reasons in latent vectors had this thought: <concept>{injection_char}</concept>\n' +
  'Write it down as its chain of thought would have it, between <explanation> and </explanation>.';
const CRITIC = 'A thought of a language model: <text>{explanation}</text> <thought>';

const columns = (d: number): Columns => ({
  prompt: { list: { struct: { role: 'string', content: 'string' } } },
  response: 'string',
  activation_vector: { list: 'float32', length: d },
  n_raw_tokens: 'int64',
  activation_layer: 'int64',
  doc_id: 'string',
  ...columnsOf(evidenceSchema),
});

/** What the verbaliser is to write. */
export const response = (explanation: string) => `<explanation>\n${explanation}\n${CLOSE}`;

function rowOf({ label, vector }: AcceptedRow, { lrm: { spec, tokenizer }, calibration }: Source) {
  return {
    prompt: [{ role: 'user', content: ACTOR.replace('{injection_char}', INJECT) }],
    response: response(label.explanation),
    activation_vector: [...vector],
    // Question, <bot> and the latent steps up to the last one read, 0 being the state at <bot>.
    n_raw_tokens: tokenizer.encode(label.question).length + 1 + Math.max(...label.steps),
    activation_layer: spec.model.layers - 1,
    doc_id: label.problem,
    ...evidenceOf(label, calibration.accept),
  };
}

/** Characters that are one token of most vocabularies and stand in hardly any text: enclosed CJK letters. */
const CANDIDATES = Array.from({ length: 0x100 }, (_, i) => String.fromCodePoint(0x3200 + i));

/**
 * The character whose embedding the vector replaces, and the tokens around it. The ids are null where the latent model's own tokenizer
 * cannot write the turn; then the verbaliser's tokenizer gives them (`build_token_meta` there), and without them the reader refuses.
 */
export function injectionTokens(tokenizer: Tokenizer) {
  for (const char of CANDIDATES) {
    const [id, ...more] = tokenizer.encode(char);
    if (id === undefined || more.length > 0 || tokenizer.decode([id]) !== char) continue;
    const turn = chatTurn(ACTOR.replace('{injection_char}', char), tokenizer) ?? [];
    const at = turn.indexOf(id);
    if (at < 1 || at !== turn.lastIndexOf(id) || at === turn.length - 1) continue;
    return tokens(char, [id, turn[at - 1]!, turn[at + 1]!]);
  }
  return tokens(CANDIDATES[0]!, [null, null, null]);
}

const tokens = (char: string, [id, left, right]: readonly [number | null, number | null, number | null]) => ({
  injection_char: char,
  injection_token_id: id,
  injection_left_neighbor_id: left,
  injection_right_neighbor_id: right,
  // Of the critic's own stage alone.
  critic_suffix_ids: null,
});

function sidecar(source: Source, rows: readonly AcceptedRow[]): string {
  const { labels, lrm, model, world, calibration } = source;
  const { run, config_sha256, recodi } = labels.labels[0]!.provenance;
  return stringify({
    kind: 'nla_dataset',
    schema_version: 1,
    dataset_id: `av_sft_${run}_${config_sha256.slice(0, 8)}`,
    stage: 'av_sft',
    row_count: rows.length,
    extraction: {
      base_model: model,
      d_model: labels.hiddenSize,
      layer_index: lrm.spec.model.layers - 1,
      norm: 'none',
      corpus: `recodi world: ${world}`,
      corpus_slice: { start: 0, length: new Set(labels.labels.map(label => label.problem)).size },
      positions_per_doc: new Set(labels.labels.map(label => label.view)).size,
    },
    tokens: injectionTokens(lrm.tokenizer),
    prompt_templates: { actor: ACTOR, critic: CRITIC },
    created_by: `recodi ${packageVersion()}`,
    recodi: {
      run,
      config_sha256,
      recodi,
      labels_sha256: labels.sha256,
      accept: calibration.accept,
      space: 'final_norm',
    },
  });
}

export const nla: Exporter = {
  files: [FILE, SIDECAR],
  card: 'nla/README.md',
  what: 'the accepted labels for [natural-language autoencoders](https://github.com/kitft/natural_language_autoencoders), and their sidecar',
  columns,
  write(folder, source) {
    const accepted = acceptedRows(source.labels);
    // Their reader takes an explanation to end at the first such mark.
    const rows = accepted.filter(({ label }) => !label.explanation.includes(CLOSE));
    makeFolder(join(folder, 'nla'));
    const cells = rows.map(row => rowOf(row, source));
    writeFileAtomic(join(folder, FILE), parquetOf(columns(source.labels.hiddenSize), cells));
    writeFileAtomic(join(folder, SIDECAR), sidecar(source, rows));
    const leftOut = accepted.filter(row => !rows.includes(row)).map(({ label }) => label.id);
    return {
      rows: rows.length,
      leftOut: leftOut.map(
        id => `nla: ${id} is left out: its explanation holds ${CLOSE}, at which explanations end there.`,
      ),
    };
  },
};

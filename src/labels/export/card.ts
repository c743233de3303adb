/**
 * README.md of a folder of exports: the data set's card, with the front matter by which the Hugging Face Hub and
 * `datasets.load_dataset` find the files and what their rows hold. Every number in it is counted from the labels or stands in
 * calibration.json; the licence is for whoever publishes the data set to choose.
 */
import { posix } from 'node:path';
import { stringify } from 'yaml';
import { packageVersion } from '../../run/package.ts';
import type { Label } from '../schema.ts';
import type { Column, Columns } from './columns.ts';
import type { Source } from './source.ts';

/** A format's file of rows. */
export interface CardFile {
  /** The name that it is loaded by. */
  readonly name: string;
  readonly files: readonly [rows: string, ...beside: string[]];
  /** In whose folder the card stands. */
  readonly card: string;
  readonly what: string;
  readonly columns: Columns;
  readonly rows: number;
}

/** Bounds of the Hub's size categories. */
const SIZES = [
  [1e3, 'n<1K'],
  [1e4, '1K<n<10K'],
  [1e5, '10K<n<100K'],
  [1e6, '100K<n<1M'],
  [Number.POSITIVE_INFINITY, '1M<n<10M'],
] as const;

const VERDICTS = ['verbalisable', 'readable', 'used', 'adds', 'follows'] as const;

type Feature = Readonly<Record<string, unknown>>;

/** Columns as `dataset_info` has them. */
function features(columns: Columns): Feature[] {
  return Object.entries(columns).map(([name, column]) => ({ name, ...feature(column) }));
}

function feature(column: Column): Feature {
  if (typeof column === 'string') return { dtype: column };
  if ('struct' in column) return { struct: features(column.struct) };
  const { list, length } = column;
  const inner = typeof list === 'string' ? list : 'struct' in list ? features(list.struct) : feature(list);
  return { list: inner, ...(length !== undefined && { length }) };
}

/** A file's path as its card names it. */
const pathFrom = (card: string, file: string) => posix.relative(posix.dirname(card), file);

function frontMatter({ labels }: Source, files: readonly CardFile[]): string {
  const n = Math.max(...files.map(({ rows }) => rows));
  const { split, provenance } = labels.labels[0]!;
  // An empty file is no data that could be loaded.
  const loaded = files.filter(({ rows }) => rows > 0);
  return stringify({
    pretty_name: `Latent thoughts as text: ${provenance.run}`,
    size_categories: [SIZES.find(([bound]) => n < bound)![1]],
    tags: ['interpretability', 'latent-reasoning', 'chain-of-thought', 'activations', 'recodi'],
    configs: loaded.map(({ name, files: [path], card }, i) => ({
      config_name: name,
      ...(i === 0 && { default: true }),
      // `datasets` caches rows by its folder's name and these lines alone: without this, another run's would be taken for these.
      description: `of the labels with the SHA-256 ${labels.sha256}`,
      data_files: [{ split, path: pathFrom(card, path) }],
    })),
    dataset_info: loaded.map(({ name, columns }) => ({ config_name: name, features: features(columns) })),
  });
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');

const share = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(3) : '');

function verdictRows(labels: readonly Label[]): (string | number)[][] {
  return VERDICTS.flatMap(name => {
    const tried = labels.flatMap(({ verdicts }) => verdicts[name]?.holds ?? []);
    const held = tried.filter(Boolean).length;
    if (tried.length === 0) return [];
    return [[name, held, tried.length, share(held / tried.length)]];
  });
}

export function datasetCard(source: Source, files: readonly CardFile[]): string {
  const { labels: read, calibration, lrm, model, world } = source;
  const { labels, hiddenSize: d, steps, sha256 } = read;
  const { split, provenance } = labels[0]!;
  const accepted = labels.filter(label => label.accepted).length;
  const views = Object.entries(calibration.views).map(([view, of]) => [
    view,
    of.labels,
    of.accepted,
    share(of.calibration?.precision),
    share(of.calibration?.brier),
  ]);
  const listed = files.map(({ name, files: paths, card, what, rows }) => [
    name,
    paths.map(path => `\`${pathFrom(card, path)}\``).join(', '),
    rows,
    what,
  ]);
  return `---
${frontMatter(source, files)}---

# Latent thoughts as text: ${provenance.run}

What a latent-reasoning model thought, as the text that leaves the model in the same state. The model thinks in vectors of ${d} numbers;
a label reads ${steps} of them. Of ${labels.length} labels ${accepted} are accepted: an oracle may learn from them. All are of problems of
the ${split} split; no split shares a problem with another.

${table(['name', 'files', 'rows', 'what'], listed)}

    from datasets import load_dataset
    rows = load_dataset("PATH OR NAME OF THIS DATA SET", "${files.find(({ rows }) => rows > 0)?.name}", split="${split}")

Every row keeps what justifies it: \`similarity\`, \`fve\` and \`gap\` of its text, the \`probability\` that the text is right, the verdicts, and the
run and config that it was made by.

## Measured

${table(['view', 'labels', 'accepted', 'of them right', 'Brier score'], views)}

A label is accepted that is readable and whose probability, where it is known, is at least ${calibration.accept}. Right is what says the whole
step that its view speaks of, by the problems' own steps, which entered no decision; the Brier score is that of the probabilities (0 is perfect, .25 is .5 for all).

${table(['verdict', 'holds', 'tried', 'share'], verdictRows(labels))}

## How it was made

${table(
  ['', ''],
  [
    ['run', provenance.run],
    ['config, SHA-256', `\`${provenance.config_sha256}\``],
    ['labels.jsonl, SHA-256', `\`${sha256}\``],
    [
      'recodi',
      provenance.recodi === packageVersion()
        ? provenance.recodi
        : `${provenance.recodi}, exported by ${packageVersion()}`,
    ],
    [
      'latent-reasoning model',
      `\`${model}\`: ${lrm.spec.model.layers} layers, width ${d}, ${lrm.spec.latents} latent steps`,
    ],
    ['problems', world],
    ['texts found by', provenance.decode],
    ['reward', provenance.reward],
  ],
)}

## Licence

None is named here: choose one, and add \`license\` to the lines at the top, before you publish this.
`;
}

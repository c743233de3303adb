/**
 * `npm run docs`: writes the pages that are made from the code, docs/config.md from the schemas, docs/metrics.md from
 * the table of metrics, docs/run-folder.md from the map of the run folder and docs/oracle-tasks.md from the oracle's tasks. A test checks that the committed ones are current.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG_KINDS, KIND_NAMES } from '../src/cli/configKinds.ts';
import { TASKS } from '../src/oracle/tasks/index.ts';
import { alternatives, expectation, type Shape, shapeOf } from '../src/run/config/shape.ts';
import { METRICS } from '../src/run/metrics.ts';
import { RUN_FILES } from '../src/run/paths.ts';

const NOTE = '<!-- Made by `npm run docs`; edit the source that it names. -->';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const isPlain = (shape: Shape) => alternatives(shape).some(({ properties }) => properties === undefined);

function defaultText(shape: Shape, required: boolean): string {
  if (shape.default !== undefined) return `\`${JSON.stringify(shape.default)}\``;
  return required ? 'required' : '';
}

/** A section's own keys as a table, then its sections. `choice` names the alternative of a union. */
function section(shape: Shape, path: string, description: string): string[] {
  const { properties = {}, required = [] } = shape;
  const keys = Object.entries(properties);
  const rows = keys
    .filter(([, below]) => isPlain(below) && !isPlainList(below))
    .map(([key, below]) => [
      `\`${key}\``,
      expectation(below),
      defaultText(below, required.includes(key)),
      below.description ?? '',
    ]);
  const title = path === '' ? [] : [`### ${path}`, description].filter(Boolean);
  const below = keys.flatMap(([key, inner]) => subsections(inner, path === '' ? key : `${path}.${key}`));
  return [...title, ...(rows.length > 0 ? [table(['key', 'value', 'default', 'what'], rows)] : []), ...below];
}

const isPlainList = (shape: Shape) => shape.items !== undefined && !isPlain(shape.items);

function subsections(shape: Shape, path: string): string[] {
  const description = shape.description ?? '';
  if (isPlainList(shape)) return section(shape.items as Shape, `${path}[]`, `A list; each item: ${description}`);
  const sections = alternatives(shape).filter(({ properties }) => properties !== undefined);
  if (sections.length <= 1) return sections.flatMap(only => section(only, path, description));
  return sections.flatMap(one =>
    section(one, `${path} (${kindOf(one)})`, one.properties?.kind?.description ?? description),
  );
}

const kindOf = ({ properties }: Shape) =>
  properties?.kind ? `kind: ${String(properties.kind.const)}` : Object.keys(properties ?? {}).join(', ');

function configPage(): string {
  const kinds = KIND_NAMES.flatMap(name => {
    const { title, command, schema } = CONFIG_KINDS[name];
    return [`## ${title}: \`${command}\``, ...section(shapeOf(schema), '', '')];
  });
  return [
    '# Configs',
    NOTE,
    'A config is a YAML file. Keys that are not listed here are mistakes, and are reported with their line. `recodi config show FILE` prints a config with its defaults; `recodi config schema` prints the JSON Schema for editors.',
    '- `extends: other.yaml` takes another file as the base: sections merge key by key, lists and plain values are replaced whole, and so is a section whose `kind` changes.\n- `--set ppo.clip=0.1` overrides a key from the command line; the value is YAML, and numbers in the key count a list’s items from 0.\n- A path is relative to the file that it stands in (with `--set`: to the working folder).',
    ...kinds,
  ].join('\n\n');
}

function metricsPage(): string {
  return [
    '# Metrics',
    NOTE,
    'Every line of `metrics.jsonl` is `{"phase", "update", …}` with the numbers below; `null` is a number that was not finite. TensorBoard shows the same, with the phase before the name in all phases but `ppo`. Names are TRL’s where TRL has one; `<…>` stands for a name of the run’s own. `time/` and `system/` depend on the machine, all others only on the config and the seed.',
    table(
      ['metric', 'how to read it'],
      METRICS.map(({ name, read }) => [`\`${name}\``, read]),
    ),
  ].join('\n\n');
}

function runFolderPage(): string {
  return [
    '# The run folder',
    NOTE,
    'What `recodi train` writes under `runs/<name>/`, and what every later command reads.',
    table(
      ['name', 'what'],
      Object.values(RUN_FILES).map(([name, what]) => [`\`${name}\``, what]),
    ),
    'Files are written whole or not at all; lines are appended whole, and a last line that a crash cut short is dropped when the run goes on. The pinned config names `format`, the version of all this: a folder of another version is refused. `recodi resume` goes on from the newest checkpoint that loads, and drops the lines of metrics and samples beyond it.',
  ].join('\n\n');
}

function oracleTasksPage(): string {
  const rows = TASKS.map(({ name, source, about, asks, held }) => [
    `\`${name}\``,
    source,
    about,
    `${asks[0]}`,
    `${held[0] ?? ''}`,
  ]);
  return [
    '# What oracles are asked',
    NOTE,
    'Tasks, what their answers come from, and the first of the ways in which each is asked in training and of those that are kept back for the evaluation. How they become an oracle: [oracle](oracle.md).',
    table(['task', 'from', 'the answer', 'asked as', 'kept back'], rows),
  ].join('\n\n');
}

/** File name -> content, relative to the project. */
export function pages(): Readonly<Record<string, string>> {
  const made = {
    'docs/config.md': configPage(),
    'docs/metrics.md': metricsPage(),
    'docs/run-folder.md': runFolderPage(),
    'docs/oracle-tasks.md': oracleTasksPage(),
  };
  return Object.fromEntries(Object.entries(made).map(([file, text]) => [file, `${text}\n`]));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(import.meta.dirname, '..');
  for (const [file, text] of Object.entries(pages())) writeFileSync(join(root, file), text);
}

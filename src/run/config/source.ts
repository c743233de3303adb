/**
 * Where each value of a config was written. A config is a stack of sources, weakest first: the files that it extends,
 * the file itself, then every `--set a.b=value`. Sections merge key by key; lists and plain values are replaced whole,
 * and so is a section whose `kind` changes. `locate` finds the place that an error is about.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { RecodiError, show } from '../errors.ts';
import { readText } from '../files.ts';
import { faultOf } from './tokens.ts';

export type KeyPath = readonly (string | number)[];

interface Source {
  /** What precedes the key in an error: `run.yaml:5:3`. */
  where(path: KeyPath, at: 'key' | 'value'): string;
  /** How many leading keys of the path this source has. */
  depth(path: KeyPath): number;
  /** Paths in this source are relative to this folder. */
  readonly folder: string;
  readonly value: unknown;
}

export interface Sources {
  readonly value: unknown;
  locate(path: KeyPath, at: 'key' | 'value'): string;
  folderOf(path: KeyPath): string;
}

/** Bytes. Configs are written by hand and some kilobytes long, and reading YAML takes time by the square of what is in it. */
export const CONFIG_LIMIT = 2 ** 15;
const MAX_EXTENDS = 16;

export const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The node at a path, with the key that leads to it; as deep as the document goes. */
function find(root: Node | null, path: KeyPath): { depth: number; key: Node | null; value: Node | null } {
  let [key, value]: [Node | null, Node | null] = [null, root];
  for (const [depth, segment] of path.entries()) {
    if (isMap(value)) {
      const pair = value.items.find(item => isScalar(item.key) && String(item.key.value) === String(segment));
      if (!pair) return { depth, key, value };
      [key, value] = [pair.key as Node, pair.value as Node | null];
    } else if (isSeq(value) && value.items[Number(segment)]) {
      [key, value] = [null, value.items[Number(segment)] as Node];
    } else return { depth, key, value };
  }
  return { depth: path.length, key, value };
}

function parseYaml(text: string, name: string) {
  const place = (offset: number) => {
    const before = text.slice(0, offset).split('\n');
    return `${name}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
  };
  const fault = faultOf(text);
  if (fault) throw new RecodiError('config', `${place(fault.offset)}: not YAML: ${fault.message}.`);
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw new RecodiError('config', `${place(error.pos[0])}: not YAML: ${error.message}.`, { cause: error });
  try {
    return { document, place, value: document.toJS({ maxAliasCount: 100 }) as unknown };
  } catch (cause) {
    throw new RecodiError('config', `${name}: not YAML: ${(cause as Error).message}.`, { cause });
  }
}

function fileSource(file: string): Source {
  const { document, place, value } = parseYaml(readText(file, CONFIG_LIMIT), file);
  if (value !== null && !isSection(value))
    throw new RecodiError('config', `${file}: expected sections with keys, got ${show(value)}.`);
  return {
    value: value ?? {},
    folder: dirname(file),
    depth: path => find(document.contents, path).depth,
    where(path, at) {
      const found = find(document.contents, path);
      const whole = found.depth === path.length;
      const node = whole && at === 'value' ? (found.value ?? found.key) : (found.key ?? found.value);
      return place(node?.range?.[0] ?? 0);
    },
  };
}

interface Override {
  readonly set: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** `a.b.0=value`; the value is YAML. */
function parseOverride(argument: string): Override {
  const at = argument.indexOf('=');
  const path = argument.slice(0, Math.max(at, 0)).trim().split('.');
  const set = `--set ${argument}`;
  if (at < 1 || path.some(key => key === ''))
    throw new RecodiError('usage', `${set}: expected key=value, as in --set ppo.clip=0.1.`);
  return { set, path, value: parseYaml(argument.slice(at + 1), set).value };
}

const startsWith = (path: KeyPath, start: KeyPath) =>
  start.every((key, i) => i < path.length && String(path[i]) === String(key));

function merge(below: unknown, above: unknown): unknown {
  if (!isSection(below) || !isSection(above)) return above;
  if (above.kind !== undefined && below.kind !== undefined && above.kind !== below.kind) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...keys].map(key => [key, Object.hasOwn(above, key) ? merge(below[key], above[key]) : below[key]]),
  );
}

function assign(value: unknown, path: KeyPath, leaf: unknown, set: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return merge(value, leaf);
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!(Number.isInteger(index) && index >= 0 && index < value.length))
      throw new RecodiError(
        'config',
        `${set}: the list has ${value.length} items, numbered from 0; there is no "${key}".`,
      );
    return value.with(index, assign(value[index], rest, leaf, set));
  }
  const section = isSection(value) ? value : {};
  return { ...section, [key]: assign(Object.hasOwn(section, key) ? section[key] : undefined, rest, leaf, set) };
}

/** A file with everything that it extends, weakest first. */
function extended(file: string, above: readonly string[] = []): Source[] {
  if (above.includes(file) || above.length >= MAX_EXTENDS)
    throw new RecodiError('config', `${file}: extends goes in a circle or too deep: ${[...above, file].join(' -> ')}.`);
  const source = fileSource(file);
  const { extends: base, ...own } = source.value as Record<string, unknown>;
  if (base === undefined) return [source];
  if (typeof base !== 'string')
    throw new RecodiError(
      'config',
      `${source.where(['extends'], 'value')} extends: expected the path of one YAML file.`,
    );
  const basePath = isAbsolute(base) ? base : join(dirname(file), base);
  return [...extended(basePath, [...above, file]), { ...source, value: own }];
}

/** Reads the stack. @throws RecodiError with the place of a YAML error, or for a `--set` that is not key=value. */
export function readSources(file: string, sets: readonly string[] = []): Sources {
  const files = extended(file);
  const overrides = sets.map(parseOverride);
  const merged = files.reduce<unknown>((below, source) => merge(below, source.value), {});
  const deepest = (path: KeyPath) =>
    files.reduce((best, source) => (source.depth(path) >= best.depth(path) ? source : best), files[0] as Source);
  const override = (path: KeyPath) => {
    const exact = overrides.findLast(({ path: start }) => startsWith(path, start));
    if (exact || deepest(path).depth(path) === path.length) return exact;
    return overrides.findLast(({ path: end }) => startsWith(end, path));
  };
  return {
    value: overrides.reduce((below, { path, value, set }) => assign(below, path, value, set), merged),
    locate: (path, at) => override(path)?.set ?? deepest(path).where(path, at),
    folderOf: path => (override(path) ? process.cwd() : deepest(path).folder),
  };
}

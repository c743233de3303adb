/**
 * A config file, checked: YAML sources merged, every key known, every value in range, defaults filled in, paths absolute.
 * Generic over the schema, which must be strict. An error names file, line, column and key, says what was expected, and
 * for an unknown key which one was probably meant; the first errors of a file come together.
 */
import { resolve } from 'node:path';
import type { z } from 'zod';
import { RecodiError, show } from '../errors.ts';
import { nearest } from './nearest.ts';
import { allKeys, expectation, mapPaths, type Shape, shapeOf, shapesAt } from './shape.ts';
import { type KeyPath, readSources, type Sources } from './source.ts';

type Issue = z.core.$ZodIssue;

/** Errors of one file that are worth reading; finding what was meant takes time for each. */
const MOST_ERRORS = 20;

interface Problem {
  readonly path: KeyPath;
  readonly at: 'key' | 'value';
  readonly text: string;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], value);
}

function unknownKey(shape: Shape, sources: Sources, section: KeyPath, key: string): Problem {
  const siblings = shapesAt(shape, section, sources.value).flatMap(({ properties }) => Object.keys(properties ?? {}));
  const elsewhere = allKeys(shape).filter(name => name.split('.').at(-1) === key);
  const meant = nearest(key, siblings) ?? elsewhere[0];
  const help = meant ? `did you mean "${meant}"?` : `the keys here are ${siblings.join(', ')}`;
  return { path: [...section, key], at: 'key', text: `unrecognized key; ${help}` };
}

/** Of a union's branches, the one that the value came furthest into. */
function deepest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map(issue => issue.path.length));
  const [best = []] = branches.toSorted((a, b) => depth(b) - depth(a));
  return depth(best) > 0 ? best : [];
}

function problems(shape: Shape, sources: Sources, issues: readonly Issue[], above: KeyPath = []): Problem[] {
  return issues.slice(0, MOST_ERRORS).flatMap((issue): Problem[] => {
    const path = [...above, ...(issue.path as KeyPath)];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, MOST_ERRORS).map(key => unknownKey(shape, sources, path, key));
    if (issue.code === 'custom') return [{ path, at: 'value', text: issue.message }];
    if (issue.code === 'invalid_union') {
      const inner = deepest(issue.errors);
      if (inner.length > 0) return problems(shape, sources, inner, path);
    }
    const expected = shapesAt(shape, path, sources.value).map(expectation);
    const wanted = expected.length > 0 ? [...new Set(expected)].join(' or ') : issue.message;
    const got = valueAt(sources.value, path);
    if (got === undefined) return [{ path, at: 'key', text: `missing; expected ${wanted}` }];
    return [{ path, at: 'value', text: `expected ${wanted}, got ${show(got)}` }];
  });
}

/** The merged sources, not yet checked: enough to tell what kind of config a file is. */
export { readSources } from './source.ts';

/** @throws RecodiError('config'), one line per error. */
export function checkConfig<T>(schema: z.ZodType<T>, sources: Sources): T {
  const shape = shapeOf(schema);
  const absolute = mapPaths(shape, sources.value, (path, at) => resolve(sources.folderOf(at), path));
  const parsed = schema.safeParse(absolute);
  if (parsed.success) return parsed.data;
  const lines = problems(shape, sources, parsed.error.issues).map(
    ({ path, at, text }) => `${sources.locate(path, at)} ${path.join('.') || 'config'}: ${text}`,
  );
  throw new RecodiError('config', [...new Set(lines)].join('\n'));
}

/** Reads, merges and checks a config file; `sets` are `a.b=value` overrides, applied in order. */
export function loadConfig<T>(schema: z.ZodType<T>, file: string, sets: readonly string[] = []): T {
  return checkConfig(schema, readSources(file, sets));
}

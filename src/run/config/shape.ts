/**
 * What a schema says about itself, read from its JSON Schema: the keys of a section, what a value should look like in
 * words, and where paths stand. Errors, `recodi config schema` and docs/config.md all speak from this one reading.
 */
import { z } from 'zod';
import { isSection, type KeyPath } from './source.ts';

/** The part of JSON Schema that zod writes for configs. */
export interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly prefixItems?: readonly Shape[];
  readonly additionalProperties?: Shape | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** A path in a config: relative to the file it is written in. */
export const pathText = z.string().min(1).meta({ format: 'path' });

export function shapeOf(schema: z.ZodType): Shape {
  return z.toJSONSchema(schema, { io: 'input' }) as Shape;
}

/** The alternatives of a union; a shape that is none is its own only one. */
export const alternatives = (shape: Shape): readonly Shape[] => shape.anyOf ?? shape.oneOf ?? [shape];

/** Shapes at a path: several where a union leaves it open. `value` (the whole config) picks the alternative by its `kind`. */
export function shapesAt(root: Shape, path: KeyPath, value: unknown): Shape[] {
  let shapes = [root];
  let here = value;
  for (const key of path) {
    const below = shapes.flatMap(shape => possible(shape, here)).flatMap(shape => child(shape, key));
    here = isSection(here) || Array.isArray(here) ? (here as Record<string, unknown>)[key] : undefined;
    shapes = below;
  }
  return shapes.flatMap(shape => possible(shape, here));
}

function possible(shape: Shape, value: unknown): readonly Shape[] {
  const all = alternatives(shape);
  if (!isSection(value) || all.length === 1) return all;
  const matching = all.filter(({ properties }) =>
    Object.entries(properties ?? {}).some(([key, { const: tag }]) => tag !== undefined && value[key] === tag),
  );
  return matching.length > 0 ? matching : all;
}

function child(shape: Shape, key: string | number): Shape[] {
  const named = shape.properties?.[String(key)] ?? shape.prefixItems?.[Number(key)] ?? shape.items;
  if (named) return [named];
  return isSection(shape.additionalProperties) ? [shape.additionalProperties as Shape] : [];
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Shape): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `≥ ${minimum}` : '';
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `≤ ${maximum}` : '';
  const above = exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`;
  const below = exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`;
  const all = [low, above, high, below].filter(Boolean);
  return all.length > 0 ? ` ${all.join(' and ')}` : '';
}

/** What a value should be, in words: "a whole number ≥ 1", "auto or a list of whole numbers". */
export function expectation(shape: Shape): string {
  const choices = alternatives(shape);
  if (choices.length > 1) return [...new Set(choices.map(expectation))].join(' or ');
  if (shape.const !== undefined) return String(shape.const);
  if (shape.enum) return shape.enum.length > 1 ? `one of ${shape.enum.join(', ')}` : String(shape.enum[0]);
  switch (shape.type) {
    case 'integer':
      return `a whole number${bounds(shape)}`;
    case 'number':
      return `a number${bounds(shape)}`;
    case 'string':
      return shape.format === 'path' ? 'a path' : 'a text';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      if (shape.prefixItems) return `[${shape.prefixItems.map(expectation).join(', ')}]`;
      return `a list${shape.items ? `, each ${expectation(shape.items)}` : ''}`;
    case 'object':
      if (shape.properties) return `a section with ${Object.keys(shape.properties).join(', ')}`;
      return isSection(shape.additionalProperties)
        ? `a section of names, each ${expectation(shape.additionalProperties as Shape)}`
        : 'a section';
    default:
      return 'a value';
  }
}

/** All dotted keys of a schema, for suggestions: `ppo`, `ppo.clip`, … */
export function allKeys(shape: Shape, prefix = ''): string[] {
  return alternatives(shape).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, below]) => [`${prefix}${key}`, ...allKeys(below, `${prefix}${key}.`)]),
  );
}

/** Replaces every path of a value by `change(path, where it stands)`. */
export function mapPaths(root: Shape, value: unknown, change: (path: string, at: KeyPath) => string): unknown {
  const visit = (here: unknown, at: KeyPath): unknown => {
    if (Array.isArray(here)) return here.map((item, i) => visit(item, [...at, i]));
    if (isSection(here))
      return Object.fromEntries(Object.entries(here).map(([key, item]) => [key, visit(item, [...at, key])]));
    if (typeof here !== 'string') return here;
    return shapesAt(root, at, value).some(({ format }) => format === 'path') ? change(here, at) : here;
  };
  return visit(value, []);
}

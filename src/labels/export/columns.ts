/**
 * What the columns of an export hold, said once: parquet's schema, Arrow's schema and the features of a data set card are made of it.
 * Columns of JSON lines follow from the schema that their rows are checked by.
 */
import { z } from 'zod';

export type Column =
  | 'string'
  | 'bool'
  | 'int64'
  | 'float32'
  | 'float64'
  /** `length`: of every list. */
  | { readonly list: Column; readonly length?: number }
  | { readonly struct: Columns };

export type Columns = Readonly<Record<string, Column>>;

/** What of JSON Schema zod writes for rows. */
interface JsonSchema {
  /** Several where one of them is null. */
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** Columns of rows that have the schema; any of them may be null or absent. */
export const columnsOf = (schema: z.ZodObject): Columns => structOf(z.toJSONSchema(schema) as JsonSchema);

const structOf = ({ properties = {} }: JsonSchema): Columns =>
  Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, columnOf(of)]));

function columnOf(schema: JsonSchema): Column {
  const { items, anyOf, properties } = schema;
  const some = anyOf?.find(of => of.type !== 'null');
  if (some) return columnOf(some);
  if (items) return { list: columnOf(items) };
  if (properties) return { struct: structOf(schema) };
  const types = [schema.type].flat();
  if (types.includes('boolean')) return 'bool';
  if (types.includes('string')) return 'string';
  return types.includes('integer') || Number.isInteger(schema.const) ? 'int64' : 'float64';
}

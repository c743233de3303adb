/** Rows as a parquet file, lists in the three levels that all readers know, with Arrow's own schema beside parquet's. */
import { parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer';
import { packageVersion } from '../../run/package.ts';
import { arrowSchema } from './arrowSchema.ts';
import type { Column, Columns } from './columns.ts';

const SCALARS = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  bool: { type: 'BOOLEAN' },
  int64: { type: 'INT64' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
} as const;

function elements(name: string, column: Column): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  if (typeof column === 'string') return [{ ...optional, ...SCALARS[column] }];
  if ('struct' in column) {
    const fields = Object.entries(column.struct);
    return [{ ...optional, num_children: fields.length }, ...fields.flatMap(field => elements(...field))];
  }
  return [
    { ...optional, num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...elements('element', column.list),
  ];
}

/** The file's bytes. Rows have the columns' keys; int64 are top-level columns alone, given as numbers. */
export function parquetOf(columns: Columns, rows: readonly Readonly<Record<string, unknown>>[]): Uint8Array {
  const names = Object.keys(columns);
  const whole = (value: unknown) => (typeof value === 'number' ? BigInt(value) : value);
  const buffer = parquetWriteBuffer({
    columnData: names.map(name => ({
      name,
      data: rows.map(row => (columns[name] === 'int64' ? whole(row[name]) : row[name])),
    })),
    schema: [
      { name: 'schema', num_children: names.length },
      ...Object.entries(columns).flatMap(column => elements(...column)),
    ],
    kvMetadata: [{ key: 'ARROW:schema', value: arrowSchema(columns) }],
    createdBy: `recodi version ${packageVersion()}`,
  });
  return new Uint8Array(buffer);
}

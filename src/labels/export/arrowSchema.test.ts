import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { expect, it } from 'vitest';
import { arrowSchema } from './arrowSchema.ts';
import type { Column, Columns } from './columns.ts';

/** The schema as Arrow's own readers walk it: field numbers and types by Message.fbs and Schema.fbs. */
function columnsIn(message: string): Columns {
  const bytes = Buffer.from(message, 'base64');
  expect([bytes.readUInt32LE(), bytes.readInt32LE(4), bytes.length % 8]).toEqual([0xffffffff, bytes.length - 8, 0]);
  const buffer = new ByteBuffer(new Uint8Array(bytes.subarray(8)));
  const field = (table: number, i: number) => buffer.__offset(table, 4 + 2 * i);
  const below = (table: number, i: number) => buffer.__indirect(table + field(table, i));
  const root = buffer.__indirect(0);
  expect([buffer.readInt16(root + field(root, 0)), buffer.readInt8(root + field(root, 1))]).toEqual([4, 1]);
  const fieldsOf = (table: number, i: number): Columns => {
    const [start, length] = [buffer.__vector(table + field(table, i)), buffer.__vector_len(table + field(table, i))];
    const fields = Array.from({ length }, (_, k) => buffer.__indirect(start + 4 * k));
    return Object.fromEntries(fields.map(of => [buffer.__string(of + field(of, 0)) as string, columnOf(of)]));
  };
  const columnOf = (of: number): Column => {
    expect(buffer.readInt8(of + field(of, 1)), 'nullable').toBe(1);
    const [type, children] = [below(of, 3), fieldsOf(of, 5)];
    switch (buffer.readInt8(of + field(of, 2))) {
      case 2:
        expect([buffer.readInt32(type + field(type, 0)), buffer.readInt8(type + field(type, 1))]).toEqual([64, 1]);
        return 'int64';
      case 3:
        return buffer.readInt16(type + field(type, 0)) === 1 ? 'float32' : 'float64';
      case 5:
        return 'string';
      case 6:
        return 'bool';
      case 12:
        return { list: children.element! };
      case 13:
        return { struct: children };
      case 16:
        return { list: children.element!, length: buffer.readInt32(type + field(type, 0)) };
      default:
        throw new Error('no such type');
    }
  };
  return fieldsOf(below(root, 2), 1);
}

const { column } = fc.letrec<{ column: Column }>(again => ({
  column: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('string', 'bool', 'int64', 'float32', 'float64'),
    fc.record({ list: again('column') }),
    fc.record({ list: again('column'), length: fc.integer({ min: 1, max: 2 ** 20 }) }),
    fc.record({ struct: fc.dictionary(fc.string({ minLength: 1 }), again('column'), { minKeys: 1, maxKeys: 4 }) }),
  ),
}));

it("is Arrow's message of the columns, whatever they are", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), column, { maxKeys: 6 }), columns => {
      expect(Object.entries(columnsIn(arrowSchema(columns)))).toEqual(Object.entries({ ...columns }));
    }),
    { numRuns: 200 },
  );
});

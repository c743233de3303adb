/**
 * Columns as Arrow's schema: the IPC message (Arrow columnar format, "Encapsulated message format", metadata V5) that Arrow's readers
 * look for in a parquet file under `ARROW:schema`. Parquet itself knows no lists of a fixed length; by it they are restored.
 * Numbers of fields and types are those of Arrow's Schema.fbs and Message.fbs.
 */
import { Builder } from 'flatbuffers';
import type { Column, Columns } from './columns.ts';

type Offset = number;

const METADATA_V5 = 4;
const HEADER_SCHEMA = 1;
const TYPE = { int: 2, float: 3, utf8: 5, bool: 6, list: 12, struct: 13, fixedSizeList: 16 } as const;
const PRECISION = { float32: 1, float64: 2 } as const;
/** Marks a message's beginning; its length follows. */
const CONTINUATION = 0xffffffff;

interface Typed {
  readonly type: number;
  readonly table: Offset;
  readonly children: Columns;
}

/** Writes a table of a flatbuffer, whose fields the function adds. */
function table(builder: Builder, fields: number, add: () => void): Offset {
  builder.startObject(fields);
  add();
  return builder.endObject();
}

function typed(builder: Builder, column: Column): Typed {
  const none = (type: number, children: Columns = {}) => ({ type, table: table(builder, 0, () => {}), children });
  if (column === 'string') return none(TYPE.utf8);
  if (column === 'bool') return none(TYPE.bool);
  if (column === 'int64') {
    const int = table(builder, 2, () => {
      builder.addFieldInt32(0, 64, 0);
      builder.addFieldInt8(1, 1, 0);
    });
    return { type: TYPE.int, table: int, children: {} };
  }
  if (column === 'float32' || column === 'float64') {
    const float = table(builder, 1, () => builder.addFieldInt16(0, PRECISION[column], 0));
    return { type: TYPE.float, table: float, children: {} };
  }
  if ('struct' in column) return none(TYPE.struct, column.struct);
  const { list, length } = column;
  if (length === undefined) return none(TYPE.list, { element: list });
  const fixed = table(builder, 1, () => builder.addFieldInt32(0, length, 0));
  return { type: TYPE.fixedSizeList, table: fixed, children: { element: list } };
}

function fieldsOf(builder: Builder, columns: Columns): Offset {
  const offsets = Object.entries(columns).map(([name, column]) => {
    const { type, table: of, children } = typed(builder, column);
    const [label, below] = [builder.createString(name), fieldsOf(builder, children)];
    return table(builder, 7, () => {
      builder.addFieldOffset(0, label, 0);
      builder.addFieldInt8(1, 1, 0); // nullable
      builder.addFieldInt8(2, type, 0);
      builder.addFieldOffset(3, of, 0);
      builder.addFieldOffset(5, below, 0);
    });
  });
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.reverse()) builder.addOffset(offset);
  return builder.endVector();
}

/** The message in base64, as parquet's key-value metadata hold it. */
export function arrowSchema(columns: Columns): string {
  const builder = new Builder();
  const fields = fieldsOf(builder, columns);
  const schema = table(builder, 4, () => builder.addFieldOffset(1, fields, 0));
  const message = table(builder, 5, () => {
    builder.addFieldInt16(0, METADATA_V5, 0);
    builder.addFieldInt8(1, HEADER_SCHEMA, 0);
    builder.addFieldOffset(2, schema, 0);
  });
  builder.finish(message);
  const body = builder.asUint8Array();
  const bytes = Buffer.alloc(8 + Math.ceil(body.length / 8) * 8);
  bytes.writeUInt32LE(CONTINUATION);
  bytes.writeInt32LE(bytes.length - 8, 4);
  bytes.set(body, 8);
  return bytes.toString('base64');
}

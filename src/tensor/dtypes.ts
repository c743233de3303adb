/**
 * The number formats of safetensors files: their width in bytes, and how to read them as float32 and write them.
 * bfloat16 is the upper half of a float32 and rounds to nearest even; float16 is IEEE binary16.
 */
import { getFloat16, setFloat16 } from '@petamoriken/float16';

export type FileData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

interface Format {
  readonly width: number;
  /** Little-endian bytes of `n` values -> float32. */
  toFloats(bytes: Uint8Array, n: number): Float32Array;
}

function format(width: number, at: (view: DataView, offset: number) => number): Format {
  return {
    width,
    toFloats(bytes, n) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = at(view, i * width);
      return out;
    },
  };
}

export const formats = {
  F64: format(8, (view, i) => view.getFloat64(i, true)),
  F32: {
    width: 4,
    toFloats: (bytes, n) => new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * n)),
  } satisfies Format,
  F16: {
    width: 2,
    toFloats(bytes, n) {
      const table = halfTable();
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = table[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
      return out;
    },
  } satisfies Format,
  BF16: {
    width: 2,
    toFloats(bytes, n) {
      const bits = new Uint32Array(n);
      for (let i = 0; i < n; i++) bits[i] = ((bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) << 16) >>> 0;
      return new Float32Array(bits.buffer);
    },
  } satisfies Format,
  I64: format(8, (view, i) => Number(view.getBigInt64(i, true))),
  I32: format(4, (view, i) => view.getInt32(i, true)),
  I16: format(2, (view, i) => view.getInt16(i, true)),
  I8: format(1, (view, i) => view.getInt8(i)),
  U8: format(1, (view, i) => view.getUint8(i)),
  BOOL: format(1, (view, i) => view.getUint8(i)),
} as const;

export type FileDtype = keyof typeof formats;

export function isFileDtype(name: unknown): name is FileDtype {
  return typeof name === 'string' && Object.hasOwn(formats, name);
}

/** float32 -> little-endian float16 bytes. */
export function float16Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) setFloat16(view, 2 * i, values[i]!, true);
  return bytes;
}

/** float32 -> little-endian bfloat16 bytes, rounded to nearest even; NaN stays NaN. */
export function bfloat16Bytes(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const word = bits[i]!;
    out[i] = Number.isNaN(values[i]!) ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(out.buffer);
}

let halves: Float32Array | undefined;

/** The value of each of the 65,536 float16 bit patterns. */
function halfTable(): Float32Array {
  if (halves) return halves;
  const view = new DataView(new ArrayBuffer(2));
  halves = Float32Array.from({ length: 65536 }, (_, pattern) => {
    view.setUint16(0, pattern, true);
    return getFloat16(view, 0, true);
  });
  return halves;
}

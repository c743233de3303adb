/**
 * Safetensors files: a JSON header that says where each tensor lies, then the bytes. A header is never believed before
 * its claims are checked against the file's length, so a truncated or lying file costs a sentence and no memory.
 * Written files appear whole or not at all; the data begin at a multiple of 64 bytes and tensors whose length is such a
 * multiple come first, so that these can be mapped where they lie (the format allows no gaps between tensors).
 */
import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { writeAtomically } from './atomic.ts';
import { bfloat16Bytes, type FileData, type FileDtype, float16Bytes, formats, isFileDtype } from './dtypes.ts';
import { RecodiError, show } from './errors.ts';

export interface TensorEntry {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  /** Byte position in the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Safetensors {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The values as float32, whatever the file's format. @throws RecodiError('input') for an unknown name. */
  read(name: string): Float32Array;
}

export interface TensorToWrite {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  /** Float32Array for every float format; a function is called when its turn comes, so that one tensor is held at a time. */
  readonly data: FileData | (() => FileData);
}

/** As in the reference implementation: a longer header is taken for a lie. */
const MAX_HEADER = 100_000_000;
const ALIGNMENT = 64;

/** Reads and checks the header. @throws RecodiError('input') that says what is wrong with the file. */
export function openSafetensors(path: string): Safetensors {
  const { header, start, length } = withFile(path, descriptor => readHeader(path, descriptor));
  const { __metadata__: metadata, ...entries } = header;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(entries)) tensors.set(name, checkEntry(path, name, value, start, length));
  checkCover(path, tensors, start, length);
  return {
    path,
    metadata: checkMetadata(path, metadata),
    tensors,
    read(name) {
      const entry = tensors.get(name);
      if (!entry) {
        throw damaged(
          path,
          `there is no tensor ${show(name)} among its ${tensors.size}`,
          'Is it the right checkpoint?',
        );
      }
      const bytes = withFile(path, descriptor => readBytes(path, descriptor, entry.offset, entry.bytes));
      const format = formats[entry.dtype];
      return format.toFloats(bytes, entry.bytes / format.width);
    },
  };
}

/** Writes the tensors under `path` in one piece. @throws RecodiError('input') when the place cannot be written. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const sized = Object.entries(tensors).map(([name, tensor]) => ({
    name,
    tensor,
    bytes: elements(tensor.shape) * formats[tensor.dtype].width,
  }));
  const aligned = sized.filter(({ bytes }) => bytes % ALIGNMENT === 0);
  const rest = sized.filter(({ bytes }) => bytes % ALIGNMENT !== 0);
  rest.sort((a, b) => formats[b.tensor.dtype].width - formats[a.tensor.dtype].width);
  const ordered = [...aligned, ...rest];

  const header = new Map<string, unknown>(Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []);
  let end = 0;
  for (const { name, tensor, bytes } of ordered) {
    header.set(name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [end, end + bytes] });
    end += bytes;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil((8 + text.length) / ALIGNMENT) * ALIGNMENT;
  const head = Buffer.alloc(padded, ' ');
  head.writeBigUInt64LE(BigInt(padded - 8));
  text.copy(head, 8);
  writeAtomically(path, descriptor => {
    writeAll(descriptor, head);
    for (const { name, tensor, bytes } of ordered) writeAll(descriptor, encoded(path, name, tensor, bytes));
  });
}

function readHeader(path: string, descriptor: number) {
  const length = fstatSync(descriptor).size;
  if (length < 8) throw damaged(path, `it has ${length} bytes, fewer than the 8 that a header's length takes`);
  const size = Buffer.from(readBytes(path, descriptor, 0, 8)).readBigUInt64LE();
  if (size > BigInt(MAX_HEADER) || Number(size) > length - 8) {
    throw damaged(path, `its header claims ${size} bytes, the file has ${length}`);
  }
  const text = Buffer.from(readBytes(path, descriptor, 8, Number(size))).toString('utf8');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'its header is not JSON', undefined, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged(path, 'its header is not a JSON object');
  }
  return { header: header as Record<string, unknown>, start: 8 + Number(size), length };
}

function checkEntry(path: string, name: string, value: unknown, start: number, length: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isFileDtype(dtype)) {
    const known = Object.keys(formats).join(', ');
    throw damaged(path, `tensor ${show(name)} has the format ${show(dtype)}; readable are ${known}`);
  }
  if (!isSizes(shape)) throw damaged(path, `tensor ${show(name)} has the shape ${show(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw damaged(path, `tensor ${show(name)} has the offsets ${show(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = elements(shape) * formats[dtype].width;
  if (end - begin !== bytes) {
    throw damaged(
      path,
      `tensor ${show(name)} (${dtype} ${show(shape)}) needs ${bytes} bytes and is given ${end - begin}`,
    );
  }
  if (start + end > length) {
    throw damaged(path, `tensor ${show(name)} ends at byte ${start + end}, the file has ${length}`);
  }
  // JSON has a minus zero, and sizes have not.
  return { dtype, shape: shape.map(Math.abs), offset: start + begin, bytes };
}

function checkCover(path: string, tensors: Map<string, TensorEntry>, start: number, length: number): void {
  let end = start;
  for (const [name, entry] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (entry.offset !== end)
      throw damaged(path, `tensor ${show(name)} begins at byte ${entry.offset}, expected ${end}`);
    end += entry.bytes;
  }
  if (end !== length) throw damaged(path, `its tensors end at byte ${end}, the file has ${length}`);
}

function checkMetadata(path: string, value: unknown): Record<string, string> {
  const metadata = value ?? {};
  const record = typeof metadata === 'object' && !Array.isArray(metadata);
  const right = record && Object.values(metadata).every(text => typeof text === 'string');
  if (!right) throw damaged(path, 'its metadata are not a record of text');
  return metadata as Record<string, string>;
}

function encoded(path: string, name: string, tensor: TensorToWrite, bytes: number): Uint8Array {
  const data = typeof tensor.data === 'function' ? tensor.data() : tensor.data;
  const raw =
    data instanceof Float32Array && tensor.dtype === 'BF16'
      ? bfloat16Bytes(data)
      : data instanceof Float32Array && tensor.dtype === 'F16'
        ? float16Bytes(data)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (raw.length === bytes) return raw;
  throw new RecodiError(
    'internal',
    `Writing ${path}: tensor "${name}" (${tensor.dtype} [${tensor.shape}]) needs ${bytes} bytes, its data have ${raw.length}.`,
  );
}

function withFile<T>(path: string, use: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    // A pipe or a device would not come to an end, and a pipe not even be opened.
    if (!statSync(path).isFile()) throw damaged(path, 'expected a file, and it is something else');
    descriptor = openSync(path, 'r');
  } catch (cause) {
    if (cause instanceof RecodiError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecodiError('input', `Could not open ${path}: ${reason}. Check the path and its permissions.`, { cause });
  }
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readBytes(path: string, descriptor: number, position: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let got = 0; got < size; ) {
    const more = readSync(descriptor, bytes, got, Math.min(size - got, 2 ** 30), position + got);
    if (more === 0) throw damaged(path, `it ended at byte ${position + got} while being read`);
    got += more;
  }
  return bytes;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 2 ** 30));
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && size >= 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function damaged(path: string, what: string, then = 'Fetch or write it again.', cause?: unknown): RecodiError {
  return new RecodiError('input', `${path} is not a usable safetensors file: ${what}. ${then}`, { cause });
}

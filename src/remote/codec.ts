/**
 * Task inputs and results as bytes: a JSON header and the raw numbers of the typed arrays behind it. Data only, of our own
 * format: whatever the bytes say, decoding makes plain objects, lists, texts, numbers and typed arrays, and runs no code.
 *
 * Numbers come back bit by bit, NaN and -0 too, and an object that stood in two places is one object again: what a task computes
 * must not depend on whether it travelled. Vectors over shared memory are not in the bytes but named by id and version.
 */
import { z } from 'zod';
import { RecodiError, show } from '../run/errors.ts';
import type { SharedFloats } from '../tensor/shared.ts';

const ARRAYS = { Float32Array, Float64Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array };
type ArrayName = keyof typeof ARRAYS;
type NumberArray = InstanceType<(typeof ARRAYS)[ArrayName]>;

const MAGIC = 0x31435252;
const PREFIX = 8;
const ALIGNMENT = 8;
const MOST_HEADER = 64 * 2 ** 20;
const DEEPEST = 64;
/** An object with this one key is a mark: `{"$": [kind, …]}`. */
const MARK = '$';

const headerSchema = z.strictObject({
  value: z.unknown(),
  arrays: z.array(z.tuple([z.enum(Object.keys(ARRAYS) as ArrayName[]), z.int().min(0)])),
});

export interface Encoded {
  readonly bytes: Uint8Array;
  /** Shared vectors that the value refers to, by their place in this list. */
  readonly shared: readonly SharedFloats[];
}

/** @throws RecodiError('internal') for what is not plain data: functions, classes, bigints. */
export function encode(value: unknown): Encoded {
  const arrays: NumberArray[] = [];
  const shared: SharedFloats[] = [];
  const places = new Map<object, number>();
  const position = <T>(list: T[], item: T) => (list.includes(item) ? list.indexOf(item) : list.push(item) - 1);
  const mark = (...parts: unknown[]) => ({ [MARK]: parts });

  function write(x: unknown, depth: number): unknown {
    if (depth > DEEPEST) throw unfit(`more than ${DEEPEST} levels`);
    if (x === null || typeof x === 'string' || typeof x === 'boolean') return x;
    if (x === undefined) return mark('undefined');
    if (typeof x === 'number') return Number.isFinite(x) && !Object.is(x, -0) ? x : mark('number', numberName(x));
    if (typeof x !== 'object') throw unfit(typeof x);
    if (isNumberArray(x)) return mark('array', position(arrays, x));
    if (isShared(x)) return mark('shared', position(shared, x));
    const place = places.get(x);
    if (place !== undefined) return mark('same', place);
    places.set(x, places.size);
    if (Array.isArray(x)) return Array.from(x, item => write(item, depth + 1));
    const prototype = Object.getPrototypeOf(x);
    if (prototype !== Object.prototype && prototype !== null) throw unfit(prototype?.constructor?.name ?? 'an object');
    const entries = Object.entries(x).map(([key, item]) => [key, write(item, depth + 1)] as const);
    if (entries.some(([key]) => key === MARK || key === '__proto__')) return mark('entries', entries);
    return Object.fromEntries(entries);
  }

  const tree = write(value, 0);
  const header = Buffer.from(JSON.stringify({ value: tree, arrays: arrays.map(a => [nameOf(a), a.length]) }));
  const lengths = arrays.map(array => aligned(array.byteLength));
  const start = aligned(PREFIX + header.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, start));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, header.length, true);
  bytes.set(header, PREFIX);
  arrays.reduce((offset, array, i) => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    return offset + lengths[i]!;
  }, start);
  return { bytes, shared };
}

/** The inverse of `encode`; `shared` holds what the value's shared vectors are here. @throws RecodiError('input') for bytes that are no such encoding. */
export function decode(bytes: Uint8Array, shared: readonly SharedFloats[] = []): unknown {
  const { value, arrays } = split(bytes);
  const seen: unknown[] = [];

  function marked(parts: unknown, depth: number): unknown {
    const [kind, of] = Array.isArray(parts) ? parts : [];
    if (kind === 'undefined') return undefined;
    if (kind === 'number' && typeof of === 'string') return Number(of);
    if (kind === 'array') return known(arrays, of);
    if (kind === 'shared') return known(shared, of);
    if (kind === 'same') return known(seen, of);
    if (kind === 'entries' && Array.isArray(of) && of.every(isEntry)) return fill(of, depth);
    throw damaged(`an unknown mark ${show(parts)}`);
  }

  function fill(entries: readonly (readonly [string, unknown])[], depth: number): unknown {
    const target: Record<string, unknown> = {};
    seen.push(target);
    for (const [key, item] of entries)
      Object.defineProperty(target, key, {
        value: read(item, depth + 1),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    return target;
  }

  function read(x: unknown, depth: number): unknown {
    if (depth > DEEPEST) throw damaged(`more than ${DEEPEST} levels`);
    if (typeof x !== 'object' || x === null) return x;
    if (Array.isArray(x)) {
      const target: unknown[] = [];
      seen.push(target);
      for (const item of x) target.push(read(item, depth + 1));
      return target;
    }
    if (Object.hasOwn(x, MARK)) return marked((x as Record<string, unknown>)[MARK], depth);
    return fill(Object.entries(x), depth);
  }

  return read(value, 0);
}

/** Header and arrays, each array over memory of its own. */
function split(bytes: Uint8Array): { value: unknown; arrays: NumberArray[] } {
  if (bytes.length < PREFIX) throw damaged(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw damaged('another beginning');
  const size = view.getUint32(4, true);
  if (size > MOST_HEADER || PREFIX + size > bytes.length) throw damaged(`a header of ${size} bytes`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + PREFIX, size).toString('utf8');
  const header = headerSchema.safeParse(parsed(text));
  if (!header.success) throw damaged('a header without value or arrays');
  let offset = aligned(PREFIX + size);
  const arrays = header.data.arrays.map(([name, length]) => {
    const kind = ARRAYS[name];
    const end = offset + length * kind.BYTES_PER_ELEMENT;
    if (end > bytes.length) throw damaged(`an array of ${length} numbers in the ${bytes.length - offset} bytes left`);
    const array = new kind(new Uint8Array(bytes.subarray(offset, end)).buffer);
    offset = aligned(end);
    return array;
  });
  return { value: header.data.value, arrays };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged('a header that is not JSON');
  }
}

function known<T>(list: readonly T[], place: unknown): T {
  if (typeof place === 'number' && Number.isInteger(place) && place >= 0 && place < list.length)
    return list[place] as T;
  throw damaged(`a reference to item ${show(place)} of ${list.length}`);
}

const isEntry = (x: unknown): x is [string, unknown] => Array.isArray(x) && typeof x[0] === 'string';
const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const numberName = (x: number) => (Object.is(x, -0) ? '-0' : String(x));
const nameOf = (array: NumberArray) => array.constructor.name as ArrayName;
const isNumberArray = (x: object): x is NumberArray =>
  ArrayBuffer.isView(x) && Object.values(ARRAYS).some(kind => x.constructor === kind);

function isShared(x: object): x is SharedFloats {
  const { id, version, data } = x as Partial<SharedFloats>;
  const named = typeof id === 'string' && typeof version === 'number';
  return named && data instanceof Float32Array && data.buffer instanceof SharedArrayBuffer;
}

const unfit = (what: string) =>
  new RecodiError('internal', `expected plain data and typed arrays in a task's input or result, got ${what}`);
const damaged = (what: string) =>
  new RecodiError('input', `expected a task's input or result as this version of recodi writes it, got ${what}`);

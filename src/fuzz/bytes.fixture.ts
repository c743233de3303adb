/**
 * Damage to the bytes of a file, as disks, transfers, editors and ill will do it: bits flipped, pieces inserted, deleted,
 * doubled, moved or cut off. An edit is three whole numbers, whatever the bytes are, so that a test can draw edits, name
 * a failure by them and make them smaller; 0, 0, 0 is the mildest.
 */

/** Each from 0 to 2^32 - 1: what is done, where, and with what. */
export interface Edit {
  readonly what: number;
  readonly at: number;
  readonly by: number;
}

/** The remainder picks; every number is an answer. */
export function pick<T>(list: readonly T[], by: number): T {
  return list[by % list.length] as T;
}

/** Bytes that mean something to readers: of encodings, of lengths, and of the syntax of JSON and YAML. */
const PIECES: readonly Buffer[] = [
  ...['00', 'efbbbf', 'fffe', 'c080', 'eda080', '0a', '0d0a', '09'].map(hex => Buffer.from(hex, 'hex')),
  ...['ffffffffffffff7f', 'ffffffffffffffff', '0000000000000080', '0100000001000000'].map(hex =>
    Buffer.from(hex, 'hex'),
  ),
  ...['"', "'", '\\', '[', ']', '{', '}', ',', ':', ': ', '-', '9', '.', 'e', '- ', '? ', '#', '|\n', '---\n', '%'],
  ...['&seed ', '*seed', '!!binary ', '<<: *seed\n', '__proto__: ', '"__proto__":1,', '../', '/'],
].map(piece => (typeof piece === 'string' ? Buffer.from(piece) : piece));

type Damage = (bytes: Buffer, at: number, by: number) => Buffer;

const splice = (bytes: Buffer, at: number, removed: number, inserted: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);

/** A length that is short more often than not, and now and then all that is left. */
const length = (bytes: Buffer, at: number, by: number) => Math.min(bytes.length - at, by % 8 === 7 ? by >> 3 : by % 17);

const DAMAGES: readonly Damage[] = [
  (bytes, at, by) => splice(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << (by % 8)))),
  (bytes, at, by) => splice(bytes, at, 1, Buffer.of(by % 256)),
  (bytes, at, by) => splice(bytes, at, 0, pick(PIECES, by)),
  (bytes, at, by) => splice(bytes, at, pick(PIECES, by).length, pick(PIECES, by)),
  (bytes, _, by) => splice(bytes, 0, by % 2 === 0 ? 0 : 8, pick(PIECES, by >> 1)),
  (bytes, at, by) => splice(bytes, at, length(bytes, at, by), Buffer.alloc(0)),
  (bytes, at, by) => splice(bytes, at, 0, bytes.subarray(at, at + length(bytes, at, by))),
  (bytes, at, by) => splice(bytes, by % (bytes.length + 1), 0, bytes.subarray(at, at + 64)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, by) => splice(bytes, at, 0, Buffer.alloc(by % 5000, pick(PIECES, by))),
];

/** The bytes with one piece of damage; the given ones stay as they are. */
export function damage(bytes: Buffer, { what, at, by }: Edit): Buffer {
  return pick(DAMAGES, what)(bytes, at % (bytes.length + 1), by);
}

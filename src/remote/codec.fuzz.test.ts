import { join } from 'node:path';
import { expect, it } from 'vitest';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { readText } from '../run/files.ts';
import { decode, encode } from './codec.ts';

const PREFIX = 8;
const once = { one: [1, Number.NaN, undefined] };
const bytes = Buffer.from(encode({ a: once, b: Float32Array.of(1, 2), c: 'text', d: once, $: -0 }).bytes);
const end = PREFIX + bytes.readUInt32LE(4);
const padded = (length: number) => Math.ceil(length / 8) * 8;

/** The header put before the arrays as `encode` does, so that damage to it is no damage to its length. */
function message(header: Buffer): Buffer {
  const start = Buffer.alloc(padded(PREFIX + header.length));
  bytes.copy(start, 0, 0, 4);
  start.writeUInt32LE(header.length, 4);
  header.copy(start, PREFIX);
  return Buffer.concat([start, bytes.subarray(padded(end))]);
}

it('damaged messages between machines are plain data or refused', async () => {
  await survivesDamage({
    files: { 'header.json': bytes.subarray(PREFIX, end) },
    read: folder => ({ value: decode(message(Buffer.from(readText(join(folder, 'header.json'))))) }),
    check: ({ value }) => expect(() => structuredClone(value)).not.toThrow(),
  });
});

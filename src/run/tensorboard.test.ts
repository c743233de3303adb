import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crc32c, openEvents, record, scalarEvent } from './tensorboard.ts';

it('crc32c gives the check values of RFC 3720, appendix B.4', () => {
  const bytes = (fill: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => fill(i));
  expect(crc32c(bytes(() => 0))).toBe(0x8a9136aa);
  expect(crc32c(bytes(() => 0xff))).toBe(0x62a8ab43);
  expect(crc32c(bytes(i => i))).toBe(0x46dd794e);
  expect(crc32c(bytes(i => 31 - i))).toBe(0x113fdb5c);
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

it('writes the bytes that TensorFlow writes', () => {
  // The first record of every event file, with wall_time 1: length 24, its masked checksum, wall_time, file_version.
  const event = Buffer.concat([Buffer.from('09000000000000f03f', 'hex'), Buffer.from('\x1a\rbrain.Event:2')]);
  const bytes = record(event);
  expect(bytes.subarray(0, 12).toString('hex')).toBe('1800000000000000a37f4b22');
  expect(bytes.readUInt32LE(bytes.length - 4)).toBe(
    (((crc32c(event) >>> 15) | (crc32c(event) << 17)) + 0xa282ead8) >>> 0,
  );
});

it('encodes a scalar as Event { wall_time, step, summary { value { tag, simple_value } } }', () => {
  expect(scalarEvent(1, 300, { lr: 0.5 }).toString('hex')).toBe(
    ['09000000000000f03f', '10ac02', '2a0b', '0a09', '0a026c72', '150000003f'].join(''),
  );
});

it('writes a file of whole records', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-events-'));
  const events = openEvents(folder, () => 1);
  events.scalars(1, { loss: 2 });
  events.close();
  const [name = ''] = readdirSync(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.1\./);
  const bytes = readFileSync(join(folder, name));
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length; at += 16 + (lengths.at(-1) ?? 0)) lengths.push(Number(bytes.readBigUInt64LE(at)));
  expect(lengths).toHaveLength(2);
  expect(lengths.reduce((sum, length) => sum + length + 16, 0)).toBe(bytes.length);
});

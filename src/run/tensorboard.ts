/**
 * TensorBoard event files: TFRecords (length, masked CRC-32C, payload, masked CRC-32C) of `Event` messages, encoded by
 * hand because scalars need six protobuf fields. Layout: tensorflow/core/util/event.proto and lib/io/record_writer.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { onFile } from './files.ts';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli) of the bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The rotated and shifted checksum that TFRecords store. */
const maskedCrc = (bytes: Uint8Array) => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** Beginning of every event file's name. */
export const EVENT_FILE = 'events.out.tfevents';

/** One TFRecord. */
export function record(payload: Uint8Array): Buffer {
  const out = Buffer.alloc(16 + payload.length);
  out.writeBigUInt64LE(BigInt(payload.length), 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  out.set(payload, 12);
  out.writeUInt32LE(maskedCrc(payload), 12 + payload.length);
  return out;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Buffer.from([...bytes, Number(left)]);
}

const integerField = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)]);
const bytesField = (field: number, value: Uint8Array) =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const textField = (field: number, value: string) => bytesField(field, Buffer.from(value));

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), bytes]);
}

/** `Event` with a `Summary` of scalars. */
export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, Buffer.concat([textField(1, tag), floatField(2, value)])),
  );
  return Buffer.concat([doubleField(1, seconds), integerField(2, step), bytesField(5, Buffer.concat(values))]);
}

export interface EventWriter {
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  close(): void;
}

/** A new event file in `folder`; `now` gives seconds since 1970. */
export function openEvents(folder: string, now = () => Date.now() / 1000): EventWriter {
  const path = join(folder, `${EVENT_FILE}.${Math.floor(now())}.${hostname()}.${process.pid}`);
  const handle = onFile(path, () => openSync(path, 'w'));
  const write = (event: Buffer) => onFile(path, () => writeSync(handle, record(event)));
  write(Buffer.concat([doubleField(1, now()), textField(3, 'brain.Event:2')]));
  return {
    scalars: (step, values) => write(scalarEvent(now(), step, values)),
    close: () => onFile(path, () => closeSync(handle)),
  };
}

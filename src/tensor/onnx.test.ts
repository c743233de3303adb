/** The bytes of the protobuf encoder, against values worked out by hand from the encoding's definition. */
import { expect, test } from 'vitest';
import { ModelWriter } from './onnx.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A model with one node carrying one attribute, as hexadecimal text. */
const withAttribute = (value: number | string | { float: number } | number[]) => {
  const writer = new ModelWriter();
  writer.op('Op', ['x'], { a: value });
  return hex(writer.encode());
};

test('integers are varints of 64 bits', () => {
  const attribute = (payload: string) => `0a0161${payload}a00102`;
  expect(withAttribute(1)).toContain(attribute('1801'));
  expect(withAttribute(300)).toContain(attribute('18ac02'));
  expect(withAttribute(2 ** 40 + 5)).toContain(attribute('18858080808020'));
  expect(withAttribute(-1)).toContain(attribute('18ffffffffffffffffff01'));
  expect(withAttribute(-(2 ** 31))).toContain(attribute('1880808080f8ffffffff01'));
});

test('floats, texts and lists of integers', () => {
  expect(withAttribute({ float: 1.5 })).toContain('0a0161150000c03fa00101');
  expect(withAttribute('add')).toContain('0a01612203616464a00103');
  expect(withAttribute([3, -2])).toContain('0a0161400340feffffffffffffffff01a00107');
});

test('equal small constants are one, but not zero and minus zero', () => {
  const writer = new ModelWriter();
  expect(writer.scalar(0)).toBe(writer.scalar(0));
  expect(writer.scalar(0)).not.toBe(writer.scalar(-0));
  expect(writer.scalar(0)).not.toBe(writer.scalar(0, 'int32'));
  expect(writer.int64([1, 2])).toBe(writer.int64([1, 2]));
  expect(writer.int64([1, 2])).not.toBe(writer.int64([1, 2], [2, 1]));
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readValues } from './records.ts';

const values = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 6 });

test('an array is read as JSON reads it, however it is laid out', () => {
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 1, '\t'), (array, indent) => {
      const text = JSON.stringify(array, null, indent);
      expect([...readValues(text, 'f')].map(v => v.value)).toEqual(JSON.parse(text));
    }),
  );
});

test('lines are read as JSON reads them, and know where they are', () => {
  fc.assert(
    fc.property(values, fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), (rows, gaps) => {
      const text = rows.map((row, i) => '\n'.repeat(gaps[i] ?? 0) + JSON.stringify(row)).join('\n');
      const read = [...readValues(text, 'f')];
      expect(read.map(v => v.value)).toEqual(JSON.parse(JSON.stringify(rows)));
      for (const { line, value } of read) expect(JSON.parse(text.split('\n')[line - 1] ?? '')).toEqual(value);
    }),
  );
});

test('an element of an array knows the line that it begins on', () => {
  expect([...readValues('\n [ 1,\n\n  {"a":\n2}\n,3]\n', 'f')].map(v => v.line)).toEqual([2, 4, 6]);
});

test('escaped quotes without end are an array that is never closed', () => {
  const reader = readValues(`["${'\\"'.repeat(1_000_000)}`, 'f');
  expect(() => reader.next()).toThrow(/never closed/);
});

test('values are read as they are asked for', () => {
  const reader = readValues('{"a": 1}\nnonsense', 'f');
  expect(reader.next().value).toEqual({ line: 1, value: { a: 1 } });
  expect(() => reader.next()).toThrow(/^f:2: /);
});

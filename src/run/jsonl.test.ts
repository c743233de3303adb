import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatJsonl, openJsonl, readJsonl } from './jsonl.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-jsonl-'));
let files = 0;
const newFile = () => join(folder, `${files++}.jsonl`);

it('cut at any byte, opens with every whole record and goes on', () => {
  const records = [
    { update: 1, text: 'ünï → 日本' },
    { update: 2, list: [1, 2] },
    { update: 3, text: '"\n"' },
  ];
  const bytes = Buffer.from(formatJsonl(records));
  fc.assert(
    fc.property(fc.nat(bytes.length), cut => {
      const path = newFile();
      writeFileSync(path, bytes.subarray(0, cut));
      const warnings: string[] = [];
      const writer = openJsonl(path, { warn: message => warnings.push(message) });
      const kept = readJsonl(path);
      expect(kept).toEqual(records.slice(0, kept.length));
      expect(kept.length).toBeGreaterThanOrEqual(bytes.subarray(0, cut).toString('latin1').split('\n').length - 1);
      expect(warnings.length).toBeLessThanOrEqual(1);
      writer.append({ update: 9 });
      writer.sync();
      writer.close();
      expect(readJsonl(path)).toEqual([...kept, { update: 9 }]);
    }),
  );
});

it('rewinds to the records that the test keeps, and no further', () => {
  const path = newFile();
  writeFileSync(path, formatJsonl([1, 2, 3, 4].map(update => ({ update }))));
  const writer = openJsonl(path, { rewind: record => (record.update as number) <= 2 });
  writer.append([{ update: 3, again: true }]);
  writer.close();
  expect(readJsonl(path)).toEqual([{ update: 1 }, { update: 2 }, { update: 3, again: true }]);
});

it('ends a last line as it stands, whatever it holds', () => {
  const path = newFile();
  const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  writeFileSync(path, `{"n":1e999}\n${deep}`);
  openJsonl(path).close();
  expect(readFileSync(path, 'utf8')).toBe(`{"n":1e999}\n${deep}\n`);
});

it('names file and line of damage that is not a truncated end', () => {
  const path = newFile();
  writeFileSync(path, '{"a":1}\n[1]\n{"a":2}\n');
  expect(() => readJsonl(path)).toThrow(`${path}:2: expected one JSON object on the line, got "[1]".`);
});

it('writes numbers that JSON lacks as null', () => {
  const path = newFile();
  const writer = openJsonl(path);
  writer.append({ update: 1, loss: Number.NaN });
  writer.close();
  expect(readFileSync(path, 'utf8')).toBe('{"update":1,"loss":null}\n');
});

import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatJsonl } from '../run/jsonl.ts';
import { linesFrom } from './jsonlTail.ts';

const path = join(mkdtempSync(join(tmpdir(), 'recodi-tail-')), 'metrics.jsonl');

it('gives every line once, wherever the writer stood when it was read', () => {
  const record = fc.record({ text: fc.string({ unit: 'grapheme' }), x: fc.integer() });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 5 }), (records, cuts) => {
      const bytes = Buffer.from(formatJsonl(records));
      const seen: unknown[] = [];
      let from = 0;
      for (const cut of [...cuts.map(at => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
        writeFileSync(path, bytes.subarray(0, cut));
        const lines = linesFrom(path, from);
        expect(lines.cut).toBe(false);
        seen.push(...lines.records);
        from = lines.end;
      }
      expect(seen).toEqual(records);
    }),
  );
});

it('says that a resumed run has cut the file', () => {
  writeFileSync(path, formatJsonl([{ update: 1 }, { update: 2 }]));
  const { end } = linesFrom(path, 0);
  truncateSync(path, end / 2);
  expect(linesFrom(path, end)).toEqual({ records: [], end: 0, cut: true });
});

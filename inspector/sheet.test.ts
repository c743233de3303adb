import fc from 'fast-check';
import { expect, it } from 'vitest';
import { visible } from './format.ts';
import { csv, inMarkdown, jsonLines, markdown, type SheetRow } from './sheet.ts';

/** Texts that are made of what gives trouble. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'=+-@＝|"\',;\t\r\n<>&\\`*_[]~#!$ 19.x\u0000\u202e',
        '</script>',
        '=1+1',
        'https://x',
        '| --- |',
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .map(parts => parts.join(''));
const cell = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null));
const rows = fc.array(fc.record({ a: cell, 'b|"c': cell }), { minLength: 1, maxLength: 4 });

/** The fields of RFC 4180, read character by character. */
function parsed(file: string): string[][] {
  const records: string[][] = [[]];
  let field = '';
  let quoted = false;
  for (let i = 0; i < file.length; i++) {
    const sign = file[i]!;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (file[i + 1] === '"') field += file[++i]!;
      else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === ',' || sign === '\r') {
      records.at(-1)!.push(field);
      field = '';
      if (sign === '\r') {
        expect(file[++i]).toBe('\n');
        records.push([]);
      }
    } else field += sign;
  }
  expect(records.pop()).toEqual([]);
  return records;
}

it('CSV is read back as it was, but for the apostrophe before what would be a formula', () => {
  fc.assert(
    fc.property(rows, given => {
      const [head, ...records] = parsed(csv(given));
      expect(head).toEqual(['a', 'b|"c']);
      const said = (value: unknown) => (value === null ? '' : String(value));
      expect(
        records.map(record => record.map(field => field.replace(/^'(?=\s*[=+\-@＝＋－＠]|[\t\r\n])/, ''))),
      ).toEqual(given.map(row => [said(row.a), said(row['b|"c'])]));
    }),
  );
});

it('no cell of a CSV is a formula', () => {
  fc.assert(
    fc.property(rows, given => {
      for (const field of parsed(csv(given)).flat())
        if (/^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(field)) expect(Number.isFinite(Number(field))).toBe(true);
    }),
  );
  expect(csv([{ text: '=HYPERLINK("http://x")', number: -3, said: '-3' }])).toBe(
    '"text","number","said"\r\n"\'=HYPERLINK(""http://x"")",-3,"-3"\r\n',
  );
});

it('JSON lines lose nothing', () => {
  fc.assert(
    fc.property(rows, given => {
      const back = jsonLines(given)
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as SheetRow);
      expect(back).toEqual(JSON.parse(JSON.stringify(given)));
    }),
  );
});

/** What a reader of Markdown makes of a text without markup. */
const rendered = (source: string) =>
  source
    .replaceAll(/\\([\\`*_[\]|~#!$])/g, '$1')
    .replaceAll(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name]!);

it('a text in Markdown stays on its line and in its cell, and is rendered as it is seen', () => {
  fc.assert(
    fc.property(text, given => {
      const source = inMarkdown(given);
      expect(source).not.toMatch(/[<>\n\r]/);
      expect(source.replaceAll(/\\./g, '')).not.toMatch(/[`*_[\]|~#!$]/);
      expect(rendered(source)).toBe(visible(given));
    }),
  );
});

it('every line of a table has the columns of its head', () => {
  fc.assert(
    fc.property(rows, text, (given, title) => {
      const lines = markdown({ name: 'x', title, lead: [['question', title]], rows: given }).split('\n');
      expect(lines[0]).toMatch(/^## /);
      const table = lines.filter(line => line.startsWith('|'));
      expect(table).toHaveLength(given.length + 2);
      for (const line of table) expect(line.replaceAll(/\\./g, '').split('|')).toHaveLength(4);
    }),
  );
});

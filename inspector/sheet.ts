/**
 * What a view shows, as rows that can be taken away: JSON lines, which lose nothing; CSV, which a spreadsheet opens without taking a text
 * of a model for a formula; Markdown, in which no text is markup.
 */
import { visible } from './format.ts';

type Cell = string | number | boolean | null | undefined;
export type SheetRow = Readonly<Record<string, Cell>>;

export interface Sheet {
  /** Of its files, without their ending. */
  readonly name: string;
  readonly title: string;
  /** Names and texts that stand above the table in Markdown. */
  readonly lead?: readonly (readonly [string, string])[];
  readonly rows: readonly SheetRow[];
  /** What Markdown shows, where that is not the rows. */
  readonly shown?: readonly SheetRow[];
}

/** Every column that some row has, in the order in which they appear. */
const columnsOf = (rows: readonly SheetRow[]) => [...new Set(rows.flatMap(Object.keys))];

/** Numbers that are none become null, as in the files of a run. */
export const jsonLines = (rows: readonly SheetRow[]): string => rows.map(row => `${JSON.stringify(row)}\n`).join('');

/** What makes a spreadsheet compute a cell, in its narrow and its wide form, whatever blanks stand before it. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** As in RFC 4180, every text in quotes; before one that would be a formula stands an apostrophe, as OWASP advises. */
export function csv(rows: readonly SheetRow[]): string {
  const columns = columnsOf(rows);
  const line = (cells: readonly Cell[]) => `${cells.map(csvCell).join(',')}\r\n`;
  return line(columns) + rows.map(row => line(columns.map(column => row[column]))).join('');
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return '';
  if (typeof cell !== 'string') return String(cell);
  const guarded = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return `"${guarded.replaceAll('"', '""')}"`;
}

/** A heading, what leads, and a table. */
export function markdown({ title, lead = [], rows, shown = rows }: Sheet): string {
  const columns = columnsOf(shown);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns.map(inMarkdown)),
    line(columns.map(() => '---')),
    ...shown.map(row => line(columns.map(column => markdownCell(row[column])))),
  ];
  const above = [`## ${inMarkdown(title)}`, ...lead.map(([name, text]) => `${inMarkdown(name)}: ${inMarkdown(text)}`)];
  return [...above, ...(shown.length > 0 ? [table.join('\n')] : ['No rows.']), ''].join('\n\n');
}

const DIGITS = 4;

function markdownCell(cell: Cell): string {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return '';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return typeof cell === 'number' ? String(Number(cell.toPrecision(DIGITS))) : inMarkdown(cell);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** A text on one line, in which nothing is markup, HTML or the end of a cell. */
export const inMarkdown = (text: string): string =>
  visible(text)
    .replaceAll(/[\\`*_[\]|~#!$]/g, '\\$&')
    .replaceAll(/[&<>]/g, sign => ENTITIES[sign]!);

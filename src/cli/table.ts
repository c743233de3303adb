/**
 * Tables for the terminal: plain lines between the head and the rows, numbers to the right.
 */
import Table from 'cli-table3';
import { bold } from './style.ts';

const BLANK = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

const NUMBER = /^[-+±]?[.\d]/;

/** Rows of texts under a head; a column whose cells are all numbers (or empty) is set to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const right = head.map((_, column) => rows.every(row => !row[column] || NUMBER.test(row[column] ?? '')));
  const table = new Table({
    head: head.map(name => bold(name)),
    chars: BLANK,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: right.map(isRight => (isRight ? 'right' : 'left')),
  });
  table.push(...rows.map(row => [...row]));
  return `${table.toString().replaceAll(/[ \t]+$/gm, '')}\n`;
}

/** Mean, and range where there are several; empty for none. */
export function meanAndRange(values: readonly number[]): string {
  if (values.length === 0) return '';
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  return `${mean.toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

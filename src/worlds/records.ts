/**
 * The JSON values of a file that holds either one array or one value per line, each with the line it begins on, so
 * that whoever refuses a value can say where it is. Linear in the text; values are parsed one by one, as they are asked
 * for, so that a file of nonsense is refused before much is made of it.
 */
import { RecodiError } from '../run/errors.ts';

export interface LocatedValue {
  readonly line: number;
  readonly value: unknown;
}

interface Piece {
  readonly line: number;
  readonly text: string;
}

function wrong(path: string, line: number, what: string): RecodiError {
  return new RecodiError(
    'input',
    `${path}:${line}: expected one JSON array, or JSON Lines (one object per line), ${what}; correct the file there.`,
  );
}

function parse(piece: Piece, path: string): LocatedValue {
  try {
    return { line: piece.line, value: JSON.parse(piece.text) };
  } catch (cause) {
    const reason = (cause as Error).message.replaceAll('\n', ' ');
    const what =
      piece.text.trim() === '' ? 'got nothing between two commas' : `got a piece that does not parse (${reason})`;
    throw wrong(path, piece.line, what);
  }
}

function* lines(text: string): Generator<Piece> {
  for (let start = 0, line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const piece = text.slice(start, end);
    if (piece.trim() !== '') yield { line, text: piece };
    start = end + 1;
  }
}

/** Where the string that opens at `open` closes; the text's end where it does not. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** The elements between an array's outermost brackets, found without parsing them. */
function* elements(text: string, path: string): Generator<Piece> {
  let found = 0;
  let [depth, start, startLine, line] = [0, 0, 1, 1];
  const structure = /["[\]{},\n]/g;
  for (let match = structure.exec(text); match; match = structure.exec(text)) {
    const { 0: token, index } = match;
    if (token === '"') {
      structure.lastIndex = closingQuote(text, index) + 1;
      continue;
    }
    if (token === '\n') {
      line += 1;
      continue;
    }
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    const opens = depth === 1 && start === 0;
    const ends = depth === 0 || (depth === 1 && token === ',');
    if (ends) {
      const piece = text.slice(start, index);
      const lead = newlines(piece.slice(0, piece.length - piece.trimStart().length));
      if (depth > 0 || found > 0 || piece.trim() !== '') yield { line: startLine + lead, text: piece };
      found += 1;
    }
    if (opens || ends) [start, startLine] = [index + 1, line];
    if (depth > 0) continue;
    if (token === ']' && text.slice(index + 1).trim() === '') return;
    throw wrong(path, line, 'got more after the end of the array');
  }
  throw wrong(path, line, 'got an array that is never closed (is the file cut off?)');
}

/** The values one by one. @throws RecodiError('input') with path and line at the first piece that is not JSON. */
export function* readValues(text: string, path: string): Generator<LocatedValue> {
  const pieces = text.trimStart().startsWith('[') ? elements(text, path) : lines(text);
  for (const piece of pieces) yield parse(piece, path);
}

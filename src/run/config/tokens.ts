/**
 * A look at a YAML text's tokens before a document is made of them. The library's parser calls itself for every level of
 * nesting, and where that goes too deep the whole process may end, not only the call; it also goes on after every error.
 * So what nests deeper than any config is found by the lexer, which does not, and the first error is the last.
 *
 * In blocks a level takes at least a column of indentation or an indicator on the line; in flows, a bracket.
 */
import { CST, Lexer, Parser } from 'yaml';

const MOST = { brackets: 32, indentation: 64, indicators: 16 } as const;

export interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** Where the text may nest deeper than configs do, or undefined. */
function tooDeep(text: string): number | undefined {
  let [offset, brackets, indentation, indicators] = [0, 0, 0, 0];
  let [atLineStart, atScalar] = [true, false];
  for (const token of new Lexer().lex(text)) {
    const type = atScalar ? 'text' : CST.tokenType(token);
    atScalar = type === 'scalar';
    switch (type) {
      case 'scalar':
      case 'doc-mode':
      case 'flow-error-end':
        continue; // marks that are not in the text
      case 'newline':
        if (brackets === 0) [indentation, indicators] = [0, 0];
        atLineStart = true;
        break;
      case 'space':
        if (atLineStart) indentation = token.length;
        break;
      case 'flow-seq-start':
      case 'flow-map-start':
        brackets += 1;
        break;
      case 'flow-seq-end':
      case 'flow-map-end':
        brackets = Math.max(0, brackets - 1);
        break;
      case 'comma':
        indicators = 0;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        indicators += 1;
        if (brackets === 0 && indentation > MOST.indentation) return offset;
    }
    if (type !== 'newline' && type !== 'space') atLineStart = false;
    if (brackets > MOST.brackets || indicators > MOST.indicators) return offset;
    offset += token.length;
  }
  return undefined;
}

/** What is wrong with a text before its meaning is asked for, or undefined. */
export function faultOf(text: string): Fault | undefined {
  const offset = tooDeep(text);
  if (offset !== undefined) return { offset, message: 'nested deeper than a config is' };
  for (const token of new Parser().parse(text)) {
    if (token.type === 'error') return { offset: token.offset, message: token.message };
  }
  return undefined;
}

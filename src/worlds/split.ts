/**
 * Splits and names that follow from content: a hash of our own, so that they are the same on every machine, in every
 * version of Node, and in whatever order problems are made. About 80 % train, 10 % validation, 10 % test.
 */
import type { Split } from './problem.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a over UTF-16 units, then MurmurHash3's finaliser -> unsigned 32-bit. Without the finaliser the low bit is
 * the parity of the characters, and a split taken from it would hold, say, even sums only.
 */
function hash(text: string, basis = FNV_OFFSET): number {
  let h = basis;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The split of everything that has this key: problems that must not be parted have one key. */
export function splitOf(key: string): Split {
  const place = hash(key) / 2 ** 32;
  if (place < 0.8) return 'train';
  return place < 0.9 ? 'validation' : 'test';
}

/** 16 hexadecimal digits that stand for the text. */
export function textId(text: string): string {
  const halves = [hash(text), hash(text, ~FNV_OFFSET)];
  return halves.map(half => half.toString(16).padStart(8, '0')).join('');
}

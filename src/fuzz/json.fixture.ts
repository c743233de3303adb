/**
 * Damage to JSON that stays JSON (or nearly): values of another kind or size, keys renamed, doubled, moved or dropped,
 * elements repeated a thousand times, nesting that is thousands deep. Values are kept as their text, so that keys may
 * come twice and numbers may be what JavaScript cannot write (1e999, NaN).
 */
import { type Edit, pick } from './bytes.fixture.ts';

/** A value: an object's pairs, an array's values, or a text as it stands. */
type Node = { readonly pairs: [string, Node][] } | { readonly items: Node[] } | string;

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Texts of values that a reader may not expect. */
const VALUES: readonly string[] = [
  ...['0', '-0', '1', '-1', '2', '3', '0.5', '-1.5', '1e-300', '1e15', '1e21', '1e308', '-1e308', '1e999', 'NaN'],
  ...['127', '65536', '16777217', '2147483647', '2147483648', '4294967295', '4294967296', '1099511627776'],
  ...['9007199254740991', '9007199254740992', '18446744073709551615', '-9007199254740991'],
  ...['null', 'true', 'false', '[]', '{}', '[[]]', '[null]', '{"a":1}', '[0]', '[-1]', '[1,2,3]', '[1e15,1e15]'],
  ...['""', '" "', '"0"', '"NaN"', '"1"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\uFEFF"', '"é"', '"[["'],
  ...['"__proto__"', '"constructor"', '"toString"', '"length"', '{"__proto__":{"a":1}}', '{"constructor":{}}'],
  ...['"."', '".."', '"../x"', '"/etc/hostname"', '"C:\\\\x"', '"~"', '"a/b"', '"file:///etc/hostname"', '"*"'],
  `"${'x'.repeat(5000)}"`,
  `"${'../'.repeat(2000)}"`,
  `[${'0,'.repeat(3000)}0]`,
  ...[nested('[', ']', 40), nested('[', ']', 4000), nested('[', ']', 20_000), nested('{"a":', '}', 20_000)],
];

const KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '0',
  'length',
  '\0',
];

function parse(value: unknown): Node {
  if (Array.isArray(value)) return { items: value.map(parse) };
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return { pairs: Object.entries(value).map(([key, inner]) => [key, parse(inner)]) };
}

function format(node: Node): string {
  if (typeof node === 'string') return node;
  if ('items' in node) return `[${node.items.map(format).join()}]`;
  return `{${node.pairs.map(([key, inner]) => `${JSON.stringify(key)}:${format(inner)}`).join()}}`;
}

/** A place of a value: how to read and to replace it, and the list of which it is the `index`th. */
interface Place {
  readonly get: () => Node;
  readonly set: (node: Node) => void;
  readonly list: unknown[];
  readonly index: number;
  /** The key's pair, of a value in an object. */
  readonly pair?: [string, Node];
}

function places(node: Node): Place[] {
  if (typeof node === 'string') return [];
  if ('items' in node) {
    const { items } = node;
    const here = items.map((_, index): Place => {
      const set = (inner: Node) => {
        items[index] = inner;
      };
      return { get: () => items[index] as Node, set, list: items, index };
    });
    return [...here, ...items.flatMap(places)];
  }
  const here = node.pairs.map((pair, index): Place => {
    const set = (inner: Node) => {
      pair[1] = inner;
    };
    return { get: () => pair[1], set, list: node.pairs, index, pair };
  });
  return [...here, ...node.pairs.flatMap(([, inner]) => places(inner))];
}

type Splice = (place: Place, by: number, all: readonly Place[]) => void;

const SPLICES: readonly Splice[] = [
  (place, by) => place.set(pick(VALUES, by)),
  (place, by) => place.set(near(place.get(), by)),
  place => place.list.splice(place.index, 1),
  (place, by, all) => {
    const other = pick(all, by);
    const [mine, theirs] = [format(place.get()), format(other.get())];
    place.set(theirs);
    other.set(mine);
  },
  (place, by, all) => place.set(format(pick(all, by).get())),
  (place, by) => {
    const copy = structuredClone(place.list[place.index]);
    place.list.splice(place.index, 0, ...Array.from({ length: by % 8 === 7 ? 2000 : 1 }, () => copy));
  },
  (place, by) => {
    if (place.pair) place.pair[0] = by % 4 === 3 ? place.pair[0].repeat(200) : pick(KEYS, by);
    else place.set({ items: [format(place.get())] });
  },
  (place, by, all) => {
    if (place.pair) place.list.push([place.pair[0], format(pick(all, by).get())]);
    else place.set({ pairs: [[pick(KEYS, by), format(place.get())]] });
  },
  (place, by) => place.list.push(place.pair ? [pick(KEYS, by), pick(VALUES, by >> 4)] : pick(VALUES, by)),
];

/** A text or number that differs by little from the one that is there. */
function near(node: Node, by: number): Node {
  if (typeof node !== 'string') return pick(VALUES, by);
  const number = Number(node);
  if (Number.isFinite(number) && node.trim() !== '')
    return String(pick([number + 1, number - 1, -number, number * 2, number / 3, number * 1e9], by));
  if (!node.startsWith('"')) return pick(['true', 'false', 'null'], by);
  const text = JSON.parse(node) as string;
  return JSON.stringify(pick([`${text}x`, text.slice(1), text.slice(0, -1), ` ${text}`, text.toUpperCase()], by));
}

function spliced(text: string, { what, at, by }: Edit): string {
  const root = parse(JSON.parse(text));
  const all = places(root);
  if (all.length === 0 || at % 64 === 63) return pick(VALUES, by);
  pick(SPLICES, what)(pick(all, at), by, all);
  return format(root);
}

/** The text of a JSON value with one splice, or now and then another value; a text that is none, or nests too deep, stays. */
export function spliceJson(text: string, edit: Edit): string {
  try {
    return spliced(text, edit);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return text;
    throw error;
  }
}

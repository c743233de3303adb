/**
 * A folder of small valid files, and damage to it. Half of the edits are to bytes; the others know what the file is
 * (JSON, YAML, JSON Lines, safetensors by its header) and damage what it says. A few are done to the file as a whole: it is
 * missing, empty, a folder, a link that leads out, in a circle or to what never ends, or has another file's content.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import { damage, type Edit, pick } from './bytes.fixture.ts';
import { spliceJson } from './json.fixture.ts';

/** Content by path in the folder. */
export type Files = Readonly<Record<string, Buffer>>;

/** The files that a writer has left in a folder. */
export function filesOf(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const paths = entries.map(entry => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map(path => [relative(folder, path), readFileSync(path)]));
}

/** An edit to one of the files. */
export interface FileEdit extends Edit {
  readonly file: number;
}

function spliceLine(bytes: Buffer, edit: Edit): Buffer {
  const lines = bytes.toString().split('\n');
  const at = edit.at % lines.length;
  return Buffer.from(lines.with(at, spliceJson(lines[at] ?? '', { ...edit, at: edit.at >>> 8 })).join('\n'));
}

/** The header spliced, its length put right, the data as they were. */
function spliceHeader(bytes: Buffer, edit: Edit): Buffer {
  if (bytes.length < 8) return bytes;
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = Buffer.from(spliceJson(bytes.subarray(8, end).toString(), edit));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, bytes.subarray(end)]);
}

/** A longer YAML text was damaged before, and may nest too deep for the library. */
const LONGEST_YAML = 2000;

/** YAML as the JSON that it says. */
function spliceYaml(bytes: Buffer, edit: Edit): Buffer {
  if (bytes.length > LONGEST_YAML) return damage(bytes, edit);
  try {
    return Buffer.from(spliceJson(JSON.stringify(parse(bytes.toString(), { logLevel: 'silent' })), edit));
  } catch {
    return damage(bytes, edit);
  }
}

const SPLICE: Readonly<Record<string, (bytes: Buffer, edit: Edit) => Buffer>> = {
  json: (bytes, edit) => Buffer.from(spliceJson(bytes.toString(), edit)),
  yaml: spliceYaml,
  jsonl: spliceLine,
  safetensors: spliceHeader,
};

/** The content of a file called `name` with one edit. */
export function edited(name: string, bytes: Buffer, edit: Edit): Buffer {
  const splice = SPLICE[name.slice(name.lastIndexOf('.') + 1)];
  const below = { ...edit, what: edit.what >>> 1 };
  return splice && edit.what % 2 === 1 ? splice(bytes, below) : damage(bytes, below);
}

interface Whole {
  readonly path: string;
  readonly content: Buffer;
  /** Contents of all files of the folder. */
  readonly all: readonly Buffer[];
  /** A path outside of the folder. */
  readonly outside: string;
  readonly by: number;
}

/** What a file may be as a whole instead of itself; it is not there any more. */
const WHOLES: readonly ((whole: Whole) => void)[] = [
  () => {},
  ({ path }) => mkdirSync(path),
  ({ path }) => writeFileSync(path, ''),
  ({ path, content }) => writeFileSync(path, Buffer.concat([content, content])),
  ({ path, all, by }) => writeFileSync(path, pick(all, by)),
  ({ path }) => symlinkSync(path, path),
  ({ path }) => symlinkSync('nowhere', path),
  ({ path }) => symlinkSync('/dev/zero', path),
  ({ path, content, outside }) => {
    writeFileSync(outside, content);
    symlinkSync(outside, path);
  },
];
const WHOLE_EVERY = 24;

export interface Sandbox {
  /** Holds the files, and is all that a reader has any business with. */
  readonly folder: string;
  /** Damages the files; returns how many bytes they have then. */
  damage(edits: readonly FileEdit[]): number;
  /** Makes the folder as it was at first. */
  restore(): void;
  remove(): void;
}

/** Files are made and removed by the hundred thousand, which costs a disk more than any reader: in memory where that can be. */
function scratch(): string {
  const inMemory = '/dev/shm';
  try {
    accessSync(inMemory, constants.W_OK);
    return inMemory;
  } catch {
    return tmpdir();
  }
}

/** A new folder with the files in it. */
export function sandbox(files: Files): Sandbox {
  const root = mkdtempSync(join(scratch(), 'recodi-fuzz-'));
  const folder = join(root, 'inside');
  const names = Object.keys(files);
  const put = (name: string, content: Buffer) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  const restore = () => {
    rmSync(root, { recursive: true, force: true });
    for (const [name, content] of Object.entries(files)) put(name, content);
  };
  restore();
  return {
    folder,
    damage(edits) {
      const now: Record<string, Buffer> = { ...files };
      const whole = new Map<string, Edit>();
      for (const { file, ...edit } of edits) {
        const name = pick(names, file);
        if (edit.what % WHOLE_EVERY === WHOLE_EVERY - 1) whole.set(name, edit);
        else now[name] = edited(name, now[name]!, edit);
      }
      for (const name of names) if (now[name] !== files[name]) put(name, now[name]!);
      for (const [name, { at, by }] of whole) {
        const path = join(folder, name);
        rmSync(path);
        const outside = join(root, 'outside');
        pick(WHOLES, at)({ path, content: now[name]!, all: Object.values(files), outside, by });
      }
      return Object.values(now).reduce((sum, { length }) => sum + length, 0);
    },
    restore,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RecodiError } from '../tensor/errors.ts';
import { damage, type Edit } from './bytes.fixture.ts';
import { edited, sandbox } from './files.fixture.ts';
import { spliceJson } from './json.fixture.ts';
import { type Limits, readOnce } from './reader.fixture.ts';

const box = sandbox({ 'a.json': Buffer.from('{"a":[1,"two"],"b":{"c":null}}') });
afterAll(box.remove);

const limits: Limits = { milliseconds: 200, perByte: 4, free: 32 * 2 ** 20 };
const once = (read: (folder: string) => unknown) => readOnce({ read }, box.folder, 100, limits);

describe('a reader is caught that', () => {
  it.each<[string, (folder: string) => unknown, RegExp]>([
    ['throws anything but a RecodiError', () => JSON.parse('{'), /JSON/],
    [
      'blames itself for the input',
      () => {
        throw new RecodiError('internal', 'unexpected');
      },
      /internal/,
    ],
    [
      'takes its time',
      () => {
        for (const start = performance.now(); performance.now() - start < 2000; );
      },
      /milliseconds/,
    ],
    ['allocates what it is told to', () => new Float32Array(2 ** 26), /bytes taken/],
    [
      'allocates it again and again, and gives it back before it refuses',
      () => {
        for (let i = 0; i < 20; i++) new Float32Array(2 ** 26);
        throw new RecodiError('input', 'not this one');
      },
      /bytes taken/,
    ],
    ['reads outside', folder => readdirSync(join(folder, '..')), /touched outside/],
    ['opens what never ends', () => readFileSync('/dev/zero'), /never ends/],
    ['writes outside', folder => copyFileSync(join(folder, 'a.json'), join(folder, '..', 'b.json')), /touched outside/],
    ['asks elsewhere', () => fetch('http://127.0.0.1:1').catch(() => {}), /touched outside/],
  ])('%s', async (_, read, message) => {
    await expect(once(read)).rejects.toThrow(message);
  });

  it('and one is not that loads or refuses', async () => {
    expect((await once(folder => readFileSync(join(folder, 'a.json')))).loaded).toBe(true);
    const refuse = () => {
      throw new RecodiError('input', 'not this one');
    };
    expect((await once(refuse)).loaded).toBe(false);
  });
});

describe('damage', () => {
  const edits = (count: number): Edit[] =>
    Array.from({ length: count }, (_, i) => ({ what: i % 97, at: Math.imul(i, 2654435761) >>> 1, by: i * 31 }));

  it('to bytes and to JSON is the same for the same edit, and seldom none', () => {
    const text = '{"a":[1,"two"],"b":{"c":null}}';
    const list = edits(500);
    const spliced = list.map(edit => spliceJson(text, edit));
    expect(list.map(edit => spliceJson(text, edit))).toEqual(spliced);
    expect(spliced.filter(after => after !== text).length).toBeGreaterThan(400);
    const bytes = Buffer.from(text);
    const damaged = list.map(edit => damage(bytes, edit).toString('latin1'));
    expect(damaged.filter(after => after !== text).length).toBeGreaterThan(400);
    expect(bytes.toString()).toBe(text);
  });

  it('to what a safetensors header says leaves length and data right', () => {
    const header = Buffer.from('{"x":{"dtype":"U8"}}');
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const file = Buffer.concat([size, header, Buffer.from('data')]);
    for (const edit of edits(50)) {
      const after = edited('x.safetensors', file, { ...edit, what: edit.what * 2 + 1 });
      expect(after.subarray(8 + Number(after.readBigUInt64LE())).toString()).toBe('data');
    }
  });

  it('is undone', () => {
    const before = readFileSync(join(box.folder, 'a.json'), 'utf8');
    for (let what = 0; what < 48; what++) {
      box.damage([{ file: 0, what, at: what, by: 3 }]);
      box.restore();
      expect(readFileSync(join(box.folder, 'a.json'), 'utf8')).toBe(before);
    }
  });
});

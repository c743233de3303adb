import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RecodiError } from './errors.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
const file = join(folder, 'x.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with this header and this many bytes of data. */
function lying(header: unknown, data: number, claimed?: bigint): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(claimed ?? BigInt(text.length));
  writeFileSync(file, Buffer.concat([size, text, Buffer.alloc(data)]));
  return file;
}

function short(): string {
  writeFileSync(file, 'abc');
  return file;
}

describe('writeSafetensors and openSafetensors', () => {
  it('give back what was written, at any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.float({ noNaN: true }), { maxLength: 40 }), { minLength: 1, maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string()),
        (arrays, metadata) => {
          const data = arrays.map(values => Float32Array.from(values));
          writeSafetensors(
            file,
            Object.fromEntries(
              data.map((values, i) => [`t${i}`, { dtype: 'F32', shape: [values.length], data: values }]),
            ),
            metadata,
          );
          const opened = openSafetensors(file);
          expect(opened.metadata).toEqual(metadata);
          data.forEach((values, i) => {
            expect(opened.read(`t${i}`)).toEqual(values);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lays tensors of whole 64-byte units at multiples of 64, whatever the order', () => {
    const tensor = (n: number) => ({ dtype: 'F32' as const, shape: [n], data: new Float32Array(n) });
    writeSafetensors(file, {
      odd: tensor(3),
      even: tensor(32),
      flag: { dtype: 'U8', shape: [1], data: new Uint8Array(1) },
      big: tensor(64),
    });
    const { tensors } = openSafetensors(file);
    expect(tensors.get('even')!.offset % 64).toBe(0);
    expect(tensors.get('big')!.offset % 64).toBe(0);
    expect(tensors.get('odd')!.offset % 4).toBe(0);
  });

  it('keep a tensor whose name means something to JavaScript', () => {
    const tensor = { dtype: 'U8' as const, shape: [2], data: Uint8Array.of(1, 2) };
    writeSafetensors(file, Object.fromEntries([['__proto__', tensor]]));
    expect([...openSafetensors(file).read('__proto__')]).toEqual([1, 2]);
  });

  it('takes a size of minus zero for none', () => {
    const file = openSafetensors(lying('{"x":{"dtype":"F32","shape":[-0,5],"data_offsets":[0,0]}}', 0));
    expect(file.tensors.get('x')!.shape).toEqual([0, 5]);
    expect(file.read('x')).toEqual(new Float32Array(0));
  });

  it('reads the half formats and integers as floats', () => {
    const values = Float32Array.of(1, -0.5, 65504, 3.1408, Number.POSITIVE_INFINITY);
    writeSafetensors(file, {
      f16: { dtype: 'F16', shape: [5], data: values },
      bf16: { dtype: 'BF16', shape: [5], data: () => values },
      ids: { dtype: 'I64', shape: [2], data: BigInt64Array.of(5n, -1n) },
      flags: { dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) },
    });
    const opened = openSafetensors(file);
    expect([...opened.read('f16')]).toEqual([1, -0.5, 65504, 3.140625, Number.POSITIVE_INFINITY]);
    expect([...opened.read('bf16')]).toEqual([1, -0.5, 65536, 3.140625, Number.POSITIVE_INFINITY]);
    expect([...opened.read('ids'), ...opened.read('flags')]).toEqual([5, -1, 0, 1]);
  });

  it('rounds bfloat16 to nearest even', () => {
    const data = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, Number.NaN);
    writeSafetensors(file, { x: { dtype: 'BF16', shape: [3], data } });
    expect([...openSafetensors(file).read('x')]).toEqual([1, 1 + 2 ** -6, Number.NaN]);
  });
});

describe('a bad file gets one sentence and no memory', () => {
  const entry = (shape: unknown, offsets: unknown, dtype = 'F32') => ({ x: { dtype, shape, data_offsets: offsets } });
  const entryOf = (name: string) => ({ [name]: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } });
  const deepFormat = `{"x":{"dtype":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
  const cases: [string, () => string, RegExp][] = [
    ['absent', () => join(folder, 'absent'), /Could not open .*absent/],
    ['shorter than a header', short, /3 bytes/],
    ['claims a header longer than the file', () => lying({}, 0, 1_000n), /claims 1000 bytes/],
    ['claims an enormous header', () => lying({}, 0, 2n ** 63n), /claims 9223372036854775808 bytes/],
    ['header is not JSON', () => lying('{"x', 0), /not JSON/],
    ['header is a list', () => lying([], 0), /not a JSON object/],
    ['unknown format', () => lying(entry([1], [0, 4], 'Q4'), 4), /"Q4"; readable are/],
    ['negative shape', () => lying(entry([-1], [0, 4]), 4), /shape \[-1\]/],
    ['lying shape', () => lying(entry([2, 2], [0, 4]), 4), /needs 16 bytes and is given 4/],
    ['overflowing shape', () => lying(entry([2 ** 40, 2 ** 40], [0, 4]), 4), /needs .* and is given 4/],
    ['truncated', () => lying(entry([4], [0, 16]), 12), /ends at byte \d+, the file has \d+/],
    ['longer than it says', () => lying(entry([1], [0, 4]), 8), /tensors end at byte \d+, the file has/],
    [
      'overlapping',
      () => lying({ ...entry([2], [0, 8]), y: { dtype: 'F32', shape: [2], data_offsets: [4, 12] } }, 12),
      /begins at byte \d+, expected/,
    ],
    ['metadata that is not text', () => lying({ __metadata__: { a: 1 } }, 0), /metadata/],
    ['metadata that is a list', () => lying({ __metadata__: ['a'] }, 0), /metadata/],
    ['a folder', () => folder, /expected a file/],
    ['a format that nests too deep to be shown', () => lying(deepFormat, 4), /format a value that cannot be shown/],
    ['a name as long as the file', () => lying(entryOf('x'.repeat(9000)), 3), /"x{59}…/],
  ];
  for (const [name, make, message] of cases) {
    it(name, () => {
      const attempt = () => openSafetensors(make());
      expect(attempt).toThrow(RecodiError);
      expect(attempt).toThrow(message);
    });
  }

  it.skipIf(process.platform === 'win32')('a pipe, which nobody writes to', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => openSafetensors(pipe)).toThrow(/expected a file/);
  });

  it('an unknown name', () => {
    expect(() => openSafetensors(lying(entry([1], [0, 4]), 4)).read('y')).toThrow(/no tensor "y" among its 1/);
  });
});

describe('a failed write', () => {
  it('leaves the old file and no temporary one', () => {
    const target = join(folder, 'kept', 'y.safetensors');
    writeSafetensors(target, { x: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } });
    const before = readFileSync(target);
    expect(() => writeSafetensors(target, { x: { dtype: 'F32', shape: [2], data: Float32Array.of(1) } })).toThrow(
      /needs 8 bytes/,
    );
    const failing = {
      dtype: 'F32' as const,
      shape: [1],
      data: () => {
        throw new Error('no');
      },
    };
    expect(() => writeSafetensors(target, { x: failing })).toThrow(/Could not write .*no\. Nothing was changed/);
    expect(readFileSync(target)).toEqual(before);
    expect(readdirSync(join(folder, 'kept'))).toEqual(['y.safetensors']);
  });

  it.skipIf(process.getuid?.() === 0)('names the file where the folder is read-only', () => {
    const closed = mkdtempSync(join(folder, 'closed-'));
    chmodSync(closed, 0o500);
    expect(() => writeSafetensors(join(closed, 'z'), {})).toThrow(/Could not write .*permission/);
  });
});

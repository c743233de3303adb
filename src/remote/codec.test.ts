import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecodiError } from '../run/errors.ts';
import { createShared } from '../tensor/shared.ts';
import { decode, encode } from './codec.ts';

const through = (value: unknown) => decode(encode(value).bytes);

describe('the encoding', () => {
  it('gives back what it was given, whatever plain data it is', () => {
    const number = fc.oneof(fc.double(), fc.integer());
    const array = fc.oneof(fc.float32Array(), fc.float64Array(), fc.int32Array(), fc.uint8Array());
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(number, fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), fc.constant(undefined), array),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', '0')), tie('tree'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, value => {
        expect(isDeepStrictEqual(through(value), value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps NaN, the infinities and -0', () => {
    expect(through([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])).toStrictEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
    ]);
  });

  it('keeps what is one object one object, since tasks tell targets apart by it', () => {
    const target = { question: [1, 2], vector: Float32Array.of(1) };
    const [a, b, c] = through([target, target, { ...target }]) as (typeof target)[];
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(a?.question).toBe(c?.question);
    expect(a?.vector).toBe(c?.vector);
  });

  it('names shared vectors and does not hold them', () => {
    const params = createShared('params', new Float32Array(10_000));
    const { bytes, shared } = encode({ params, again: params });
    expect(bytes.length).toBeLessThan(200);
    expect(shared).toEqual([params]);
    const here = createShared('here', Float32Array.of(1));
    expect(decode(bytes, [here])).toEqual({ params: here, again: here });
  });

  it('refuses what is no plain data', () => {
    for (const value of [() => 1, new Map(), new Date(), 1n, { deep: Symbol('x') }])
      expect(() => encode(value)).toThrow(RecodiError);
  });
});

describe('damaged bytes', () => {
  it('are an input error or other plain data, never anything else', () => {
    const { bytes } = encode({ a: [1, Number.NaN, undefined], b: Float32Array.of(1, 2), c: 'text' });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(bytes.length),
        (changes, cut) => {
          const copy = bytes.slice(0, bytes.length - (cut % 8 === 0 ? cut : 0));
          for (const [at, value] of changes) copy[at] = value;
          try {
            decode(copy);
          } catch (error) {
            expect(error).toMatchObject({ name: 'RecodiError', code: 'input' });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('that ask for more than there is are refused before anything is made', () => {
    const header = Buffer.from(JSON.stringify({ value: 1, arrays: [['Float32Array', 2 ** 50]] }));
    const bytes = Buffer.concat([Buffer.from('RRC1'), Buffer.alloc(4), header, Buffer.alloc(64)]);
    bytes.writeUInt32LE(header.length, 4);
    expect(() => decode(bytes)).toThrow(/an array of 1125899906842624 numbers/);
  });

  it('cannot reach a prototype', () => {
    const value = through(JSON.parse('{"__proto__": {"polluted": true}}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

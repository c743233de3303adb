import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinySpec } from '../lm/tiny.fixture.ts';
import { RecodiError } from '../run/errors.ts';
import type { OracleSpec } from './model.ts';
import { type AnsweredRow, injected, lossInputs, promptInputs, promptTokens } from './prompt.ts';

const encode = (text: string) => text.split(/\s+/).flatMap(word => (word === '' ? [] : [word.charCodeAt(0)]));
const letters = (ids: readonly number[]) => String.fromCharCode(...ids);

describe('a prompt', () => {
  it('names the layer, then has a marker for each vector, then asks', () => {
    const { ids, markers } = promptTokens({ encode }, { layer: 3, vectors: 2, question: 'What is it ?' });
    expect(letters(ids)).toBe('L3??Wii?');
    expect(markers).toEqual([2, 3]);
    expect(promptTokens({ encode }, { layer: 3, vectors: 0, question: 'What ?' }).markers).toEqual([]);
  });

  it('is refused where the tokenizer joins markers', () => {
    const joining = { encode: (text: string) => (text.trim() === '' ? [] : [text.length]) };
    const make = () => promptTokens(joining, { layer: 3, vectors: 2, question: 'What ?' });
    expect(make).toThrow(RecodiError);
    expect(make).toThrow(/one token for each marker " \?", got 1 for 2.*name another model/);
  });
});

const numbers = (length: number) =>
  fc
    .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: length, maxLength: length })
    .map(values => Float32Array.from(values));

describe('vectors', () => {
  const d = 3;
  const statistics = { mean: Float32Array.of(1, -2, 0), deviation: Float32Array.of(2, 0.5, 0) };

  it('for the residual stream are as long as the coefficient says, each in its own direction', () => {
    const injection = { kind: 'residual', block: 0, coefficient: 1.5 } as const;
    fc.assert(
      fc.property(numbers(2 * d), vectors => {
        const out = injected({ injection, targetSize: d }, vectors, statistics);
        for (let from = 0; from < out.length; from += d) {
          const [own, given] = [out, vectors].map(all => [...all.subarray(from, from + d)]);
          const length = Math.hypot(...given!);
          expect(Math.hypot(...own!)).toBeCloseTo(length > 0 ? 1.5 : 0, 5);
          own!.forEach((x, i) => {
            expect(x * length).toBeCloseTo(1.5 * given![i]!, 3);
          });
        }
      }),
    );
  });

  it('for an embedding are standardised by their layer, and stay finite where nothing varies', () => {
    const make = (vectors: Float32Array) =>
      injected({ injection: { kind: 'embedding' }, targetSize: d }, vectors, statistics);
    expect([...make(Float32Array.of(3, -2, 0, -1, -1, 0))]).toEqual([1, 0, 0, -1, 2, 0]);
    expect(make(Float32Array.of(0, 0, 1)).every(Number.isFinite)).toBe(true);
  });
});

const d = 2;
const spec: OracleSpec = {
  ...{ model: tinySpec, baseFile: '', baseVocabSize: tinySpec.vocabSize },
  ...{ injection: { kind: 'embedding' }, targetSize: d, eosId: 1, padId: 0 },
};
const tokens = (most: number) => fc.array(fc.integer({ min: 2, max: 16 }), { minLength: 1, maxLength: most });
/** Markers are the first places. */
const row: fc.Arbitrary<AnsweredRow> = fc.tuple(tokens(9), tokens(7), fc.nat(3)).chain(([ids, answer, k]) =>
  numbers(Math.min(k, ids.length) * d).map(vectors => ({
    ...{ ids, answer: [...answer, spec.eosId], vectors },
    markers: ids.slice(0, k).map((_, i) => i),
  })),
);
const rows = fc.array(row, { minLength: 1, maxLength: 4 });

describe('inputs of the loss', () => {
  it('want the places before answer tokens and no others, and count no padding', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 99 }), (batch, all) => {
        const { ids, mask, wanted, next, counted, tokens: whole } = lossInputs(spec, batch, all);
        const width = ids.shape[1]!;
        const each = counted.data.length / batch.length;
        expect([...whole.data]).toEqual([all]);
        expect([wanted, next, counted].map(({ shape }) => shape)).toEqual(Array(3).fill([batch.length * each]));
        batch.forEach((own, b) => {
          const text = [...own.ids, ...own.answer];
          const at = Array.from({ length: each }, (_, t) => b * each + t);
          const [real, filling] = [at.slice(0, own.answer.length), at.slice(own.answer.length)];
          expect(real.map(i => next.data[i])).toEqual(own.answer);
          expect(real.map(i => counted.data[i])).toEqual(own.answer.map(() => 1));
          expect(filling.every(i => counted.data[i] === 0)).toBe(true);
          for (const i of real) {
            const place = wanted.data[i]! - b * width;
            expect(place).toBeGreaterThanOrEqual(own.ids.length - 1);
            expect(place).toBeLessThan(width);
            expect(ids.data[b * width + place]).toBe(text[place]);
            expect(next.data[i]).toBe(text[place + 1]);
            expect(mask.data[b * width + place]).toBe(1);
          }
        });
      }),
    );
  });

  it('show each vector at its marker and nothing elsewhere, whichever side is padded', () => {
    fc.assert(
      fc.property(rows, batch => {
        for (const inputs of [lossInputs(spec, batch, 1), promptInputs(spec, batch)]) {
          const width = inputs.ids.shape[1]!;
          const at = (place: number) => inputs.shown.data[place]!;
          const shown: number[] = [];
          batch.forEach((own, b) => {
            const mask = [...inputs.mask.data.slice(b * width, (b + 1) * width)];
            const start = b * width + mask.indexOf(1);
            own.ids.forEach((id, i) => {
              expect(inputs.ids.data[start + i]).toBe(id);
            });
            own.markers.forEach((place, k) => {
              shown.push(start + place);
              const from = at(start + place) * d;
              expect(from).toBeGreaterThan(0);
              expect([...inputs.vectors.data.slice(from, from + d)]).toEqual([
                ...own.vectors.subarray(k * d, (k + 1) * d),
              ]);
            });
          });
          const others = [...inputs.shown.data.keys()].filter(place => !shown.includes(place));
          expect(others.every(place => at(place) === 0)).toBe(true);
          expect([...inputs.vectors.data.slice(0, d)]).toEqual([0, 0]);
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { f32, i32 } from '../src/tensor/index.ts';
import { packTexts } from './textRows.ts';

const batch = fc
  .record({ rows: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }), question: fc.nat(3) })
  .filter(({ rows }) => rows.some(n => n > 0));

it('packs every token of the texts with the token that is read before it, behind a question or none', () => {
  fc.assert(
    fc.property(batch, ({ rows, question }) => {
      const [count, width] = [rows.length, 6];
      const ids = Int32Array.from({ length: count * width }, (_, i) => 10 + i);
      const seen = {
        ids: i32(new Int32Array(count * question), [count, question]),
        mask: f32(new Float32Array(count * question).fill(1), [count, question]),
      };
      const prompt = { z: f32(new Float32Array(count), [count, 1]), ...(question > 0 && { question: seen }) };
      const { inputs, mask, pack, unpack } = packTexts(prompt, { ids, lengths: rows, width });
      const time = question + 3 + width - 1;
      const { tokens } = inputs.packing;
      const scored = rows.flatMap((n, b) => Array.from({ length: n }, (_, t) => ({ b, t })));
      scored.forEach(({ b, t }, i) => {
        expect(tokens.data[inputs.wanted.data[i]!]).toBe(b * time + question + 2 + t);
        expect(inputs.next.data[i]).toBe(ids[b * width + t]);
        expect(mask.data[i]).toBe(1);
      });
      expect([...mask.data.slice(scored.length)].every(x => x === 0)).toBe(true);
      const values = Float32Array.from(ids);
      const kept = values.map((x, i) => (i % width < rows[Math.floor(i / width)]! ? x : 0));
      expect(unpack(pack(values).data)).toEqual(kept);
    }),
  );
});

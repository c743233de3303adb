import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import type { Pool } from '../tensor/pool.ts';
import { createLrmClient, inChunks } from './client.ts';
import type { Context } from './context.ts';
import type { Lrm } from './folder.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { perIntervention } from './interventions.ts';
import { type CausalInput, readChunk, thinkChunk } from './tasks.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

let lrm: Lrm;
beforeAll(async () => {
  await useDevice('onnx');
  lrm = await tinyLrm();
});
afterAll(closeEngine);

const rng = stream(3, 'client');
const problems = Array.from({ length: 70 }, () => world.generator('train', rng));
const questions = () => problems.map(problem => lrm.tokenizer.encode(problem.question));

describe('chunks', () => {
  it('come back in order, whatever order they end in, and all but a lone one are full', async () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 }));
    await fc.assert(
      fc.asyncProperty(sizes, async ([count, size]) => {
        const items = Array.from({ length: count }, (_, i) => i);
        const seen: number[] = [];
        const parts = await inChunks(
          items,
          size,
          async chunk => {
            await new Promise(resolve => setTimeout(resolve, (chunk[0]! * 7) % 3));
            return chunk;
          },
          done => seen.push(done),
        );
        expect(parts.flat().slice(0, count)).toEqual(items);
        expect(parts.length).toBe(Math.ceil(count / size));
        if (count > size) for (const part of parts) expect(part.length).toBe(size);
        else expect(parts.flat()).toEqual(items);
        expect(seen.at(-1) ?? 0).toBe(count);
        for (const part of parts) expect(new Set(part).size).toBe(part.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the client', () => {
  it('thinks about many questions as about each alone', async () => {
    const client = await createLrmClient(inlinePool(), lrm.folder);
    const all = await client.think(questions());
    const size = (lrm.spec.latents + 1) * lrm.spec.model.hiddenSize;
    expect(all.states.length).toBe(70 * size);
    expect(all.answers.length).toBe(70);
    for (const p of [0, 63, 64, 69]) {
      const alone = await thinkChunk({ folder: lrm.folder, questions: [questions()[p]!] });
      const own = all.states.slice(p * size, (p + 1) * size);
      own.forEach((x, i) => {
        expect(x).toBeCloseTo(alone.states[i]!, 4);
      });
      expect(all.answers[p]).toBe(alone.answers[0]);
    }
  });

  it("reads a head's tokens off states as the roll-out does, and tells how sure it is", async () => {
    const client = await createLrmClient(inlinePool(), lrm.folder);
    const { states, lens } = await client.think(questions(), { top: 3 });
    const { tokens, entropy } = await client.lens(states, 3);
    expect([...tokens]).toEqual([...lens]);
    expect(entropy.length).toBe(70 * (lrm.spec.latents + 1));
    for (const nats of entropy) expect(nats > 0 && nats <= Math.log(lrm.spec.model.vocabSize) + 1e-4).toBe(true);
  });

  it('has the outputs of blocks in between, of each question alone', async () => {
    const client = await createLrmClient(inlinePool(), lrm.folder);
    const all = await client.points(questions(), [0]);
    const size = (lrm.spec.latents + 1) * lrm.spec.model.hiddenSize;
    expect(all.length).toBe(70 * size);
    const alone = await client.points([questions()[69]!], [0]);
    alone.forEach((x, i) => {
      expect(x).toBeCloseTo(all[69 * size + i]!, 4);
    });
    expect(new Set(all.slice(0, size)).size).toBe(size);
  });

  it('reads groups of texts, at their ends unless told where', async () => {
    const client = await createLrmClient(inlinePool(), lrm.folder);
    const texts = questions().map((_, i) => [[7 + (i % 5), 8], [9]]);
    const ends = await client.read({ context: 'question', questions: questions(), texts });
    const at = texts.map(group => group.map(() => [0, 1]));
    const places = await client.read({ context: 'question', questions: questions(), texts, at });
    const d = lrm.spec.model.hiddenSize;
    expect(ends.length).toBe(70 * 2 * d);
    expect(places.length).toBe(70 * 2 * 2 * d);
    const [q, t] = [66, 1];
    const alone = await readChunk({
      folder: lrm.folder,
      questions: [questions()[q]!],
      texts: [[9]],
      at: [[1]],
      width: 8,
    });
    const end = ends.slice((q * 2 + t) * d, (q * 2 + t + 1) * d);
    const place = places.slice(((q * 2 + t) * 2 + 1) * d, ((q * 2 + t) * 2 + 2) * d);
    alone.forEach((x, i) => {
      expect(end[i]).toBeCloseTo(x, 4);
      expect(place[i]).toBeCloseTo(x, 4);
    });
    await expect(
      client.read({ context: 'question', questions: questions().slice(0, 2), texts: [[[1]], [[1], [2]]] }),
    ).rejects.toThrow(/same number/);
  });

  it('reads in the context that is asked for', async () => {
    const client = await createLrmClient(inlinePool(), lrm.folder);
    const { botId, padId } = lrm.spec;
    const [first, second] = questions();
    const read = (context: Context, question: readonly number[], text: readonly number[]) =>
      client.read({ context, questions: [question], texts: [[text]] });
    expect(await read('none', first!, [7, 8])).toEqual(await read('none', second!, [7, 8]));
    expect(await read('none', first!, [7, 8])).toEqual(await read('question', [padId], [7, 8]));
    expect(await read('question_bot', first!, [7])).toEqual(await read('question', first!, [botId, 7]));
    const [before, after] = [[[0]], [[1]]].map(at =>
      client.read({ context: 'question_bot', questions: [first!], texts: [[[7]]], at: [at] }),
    );
    expect(await before).toEqual(await read('question', first!, [botId]));
    expect(await after).toEqual(await read('question', first!, [botId, 7]));
  });

  it('swaps in other problems only, different ones, also in the last chunk', async () => {
    const inputs: CausalInput[] = [];
    const pool: Pool = {
      ...inlinePool(),
      async run(_task, input) {
        inputs.push(input as CausalInput);
        const size = (input as CausalInput).subjects * (lrm.spec.latents + 1);
        return perIntervention(() => new Float32Array(size)) as never;
      },
    };
    const client = await createLrmClient(pool, lrm.folder);
    for (const count of [1, 2, 3, 8, 64, 70]) {
      inputs.length = 0;
      const scores = await client.causal(questions().slice(0, count));
      expect(scores.input.swap.length).toBe(count * (lrm.spec.latents + 1));
      for (const { questions: rows, shifts } of inputs) {
        expect(shifts.length).toBe(Math.min(4, count - 1));
        rows.forEach((row, b) => {
          const donors = shifts.map(shift => rows[(b + shift) % rows.length]!.join());
          expect(new Set([row.join(), ...donors]).size).toBe(1 + donors.length);
        });
      }
    }
    inputs.length = 0;
    const [own, ...among] = questions().slice(0, 9);
    await client.causal([own!], { donors: 8, among });
    const [{ questions: rows, subjects, shifts }] = inputs as [CausalInput];
    expect([rows.length, subjects]).toEqual([9, 1]);
    expect(new Set(shifts.map(shift => rows[shift]!.join())).size).toBe(8);
  });
});

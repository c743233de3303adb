import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import type { Lrm } from './folder.ts';
import { perIntervention } from './interventions.ts';
import { answerChunk, causalChunk, readChunk, thinkChunk, writeChunk } from './tasks.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

let lrm: Lrm;
beforeAll(async () => {
  await useDevice('onnx');
  lrm = await tinyLrm();
});
afterAll(closeEngine);

const rng = stream(2, 'tasks');
const problems = Array.from({ length: 6 }, () => world.generator('train', rng));
const questions = () => problems.map(problem => lrm.tokenizer.encode(problem.question));
const chain = (p: number) => lrm.tokenizer.encode(world.chain(problems[p]!, { last: true }).join(' '));

const known = (scores: Float32Array) => [...scores].filter(x => !Number.isNaN(x));

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>) {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((x, i) => {
    expect(x).toBeCloseTo(b[i]!, 4);
  });
}

describe('reading', () => {
  it('a text at a place is reading that much of it', async () => {
    const { folder } = lrm;
    const asked = questions().slice(0, 2);
    const texts = [chain(0), chain(1)];
    const at = [0, 1, 4, 7];
    const states = await readChunk({ folder, questions: asked, texts, at: [at, at], width: 16 });
    const d = lrm.spec.model.hiddenSize;
    for (const [i, length] of at.entries()) {
      const prefixes = texts.map(text => text.slice(0, length));
      const alone = await readChunk({ folder, questions: asked, texts: prefixes, at: [[length], [length]], width: 8 });
      const picked = [0, 1].flatMap(b => [...states.slice((b * at.length + i) * d, (b * at.length + i + 1) * d)]);
      expectClose(alone, picked);
    }
  });

  it('several texts of one question is reading each with the question', async () => {
    const { folder } = lrm;
    const texts = [chain(0), chain(1), chain(2), chain(3)].map(text => text.slice(0, 6));
    const at = texts.map(text => [text.length]);
    const grouped = await readChunk({ folder, questions: questions().slice(0, 2), texts, at, width: 8 });
    const asked = [0, 0, 1, 1].map(q => questions()[q]!);
    expectClose(grouped, await readChunk({ folder, questions: asked, texts, at, width: 8 }));
  });

  it('nothing leaves the state at the question’s end, which is where <bot> has not come yet', async () => {
    const { folder, spec } = lrm;
    const asked = questions().slice(0, 2);
    const end = await readChunk({ folder, questions: asked, texts: [[], []], at: [[0], [0]], width: 8 });
    const texts = asked.map(() => [spec.botId]);
    const bot = await readChunk({ folder, questions: asked, texts, at: [[1], [1]], width: 8 });
    const { states } = await thinkChunk({ folder, questions: asked, steps: 0 });
    expectClose(bot, states);
    expect(Math.abs(end[0]! - bot[0]!)).toBeGreaterThan(1e-3);
  });
});

describe('causal scores', () => {
  it('are 0 where the donor is the problem itself, or the same problem', async () => {
    const { folder } = lrm;
    const itself = await causalChunk({ folder, questions: questions(), subjects: 6, shifts: [0, questions().length] });
    const same = questions().map(() => questions()[0]!);
    const twins = await causalChunk({ folder, questions: same, subjects: 6, shifts: [1, 2] });
    for (const { input, readout } of [itself, twins]) {
      for (const kind of ['swap', 'noise'] as const) {
        expect(known(input[kind]).every(x => x === 0)).toBe(true);
        expect(known(readout[kind]).every(x => x === 0)).toBe(true);
      }
    }
    expect(known(twins.input.mean).every(x => x === 0)).toBe(true);
  });

  it('of pause inputs are 0: every problem has the same', async () => {
    const { folder } = await tinyLrm(undefined, { latentInputs: 'pause' });
    const { input } = await causalChunk({ folder, questions: questions(), subjects: 6, shifts: [1, 2, 3, 5] });
    for (const kind of ['swap', 'mean', 'noise'] as const) expect(known(input[kind]).every(x => x === 0)).toBe(true);
  });

  it('are shares of donors, and unknown without donors and for the input of no step', async () => {
    const { folder, spec } = lrm;
    const { input, readout } = await causalChunk({ folder, questions: questions(), subjects: 6, shifts: [1, 2, 3, 5] });
    for (const { swap, zero, mean, noise } of [input, readout]) {
      expect([...known(swap), ...known(noise)].every(x => [0, 0.25, 0.5, 0.75, 1].includes(x))).toBe(true);
      expect([...known(zero), ...known(mean)].every(x => x === 0 || x === 1)).toBe(true);
      expect(swap.some(x => x > 0)).toBe(true);
    }
    const states = spec.latents + 1;
    for (const scores of Object.values(input))
      scores.forEach((x, i) => {
        expect(Number.isNaN(x)).toBe(i % states === spec.latents);
      });
    const first = await causalChunk({ folder, questions: questions(), subjects: 2, shifts: [1, 2, 3, 5] });
    const all = { input, readout };
    perIntervention((site, kind) => expect(first[site][kind]).toEqual(all[site][kind].slice(0, 2 * states)));
    const alone = await causalChunk({ folder, questions: questions().slice(0, 1), subjects: 1, shifts: [] });
    for (const kind of ['swap', 'mean', 'noise'] as const) expect(known(alone.readout[kind])).toEqual([]);
    expect(known(alone.readout.zero).length).toBe(states);
  });
});

describe('writing', () => {
  it('goes on greedily, and ends at a stop token', async () => {
    const { folder } = lrm;
    const free = await writeChunk({ folder, prompts: questions(), stop: [], maxNewTokens: 6 });
    expect(free.tokens.map(t => t.length)).toEqual(Array(6).fill(6));
    const [stop] = [free.tokens[0]![2]!];
    const stopped = await writeChunk({ folder, prompts: questions(), stop: [stop], maxNewTokens: 6 });
    stopped.tokens.forEach((tokens, b) => {
      const end = free.tokens[b]!.indexOf(stop);
      expect(tokens).toEqual(end < 0 ? free.tokens[b] : free.tokens[b]!.slice(0, end + 1));
      expect(stopped.stopped[b]).toBe(end >= 0);
    });
  });

  it('answers with the token that follows the answer prefix', async () => {
    const { folder, spec } = lrm;
    const answers = await answerChunk({ folder, prompts: questions() });
    const prompts = questions().map(q => [...q, ...spec.answerPrefix]);
    const { tokens } = await writeChunk({ folder, prompts, stop: [], maxNewTokens: 1 });
    expect([...answers]).toEqual(tokens.map(t => t[0]));
  });
});

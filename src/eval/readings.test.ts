import { afterAll, describe, expect, it } from 'vitest';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { embeddedBench } from './embedded.fixture.ts';
import { invertQuestions } from './invert.ts';
import { donorRows } from './readings.ts';

afterAll(closeEngine);

describe('a latent that no text comes near', () => {
  it('is called not verbalisable, and gets no explanation: the embedded model’s first, which is not read raw', async () => {
    await useDevice('onnx');
    const bench = await embeddedBench({ space: 'raw', latents: [0, 1], context: 'question' });
    const { question } = bench.sets.get('test')!.problems[0]!;
    const [inversion] = await invertQuestions(bench, [question]);
    const [first, second] = inversion!.views;
    expect(first!.verdicts.verbalisable.holds).toBe(false);
    expect(first!.verdicts.verbalisable.reason).toMatch(/^even the best text known .* FVE -\d/);
    expect([first!.text, first!.words, first!.completion, first!.alternatives]).toEqual([null, [], '', []]);
    expect(second!.verdicts.verbalisable.holds).toBe(true);
    expect(second!.text).toMatch(/^<< /);
  }, 60_000);
});

describe('donorRows', () => {
  it('begins behind the own place and never takes the same question', () => {
    expect(donorRows(['a', 'b', 'x'], ['a', 'b', 'c'], 2)).toEqual([
      [1, 2],
      [2, 0],
      [0, 1],
    ]);
  });

  it('takes rows again where there are not so many, and says where there is none', () => {
    expect(donorRows(['a'], ['a', 'b'], 3)).toEqual([[1, 1, 1]]);
    expect(() => donorRows(['a'], ['a'], 1)).toThrow(/no other problem to compare with/);
  });
});

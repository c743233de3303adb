import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createLrmClient, type LrmClient } from './client.ts';
import { explicitChains } from './evaluate.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { loadTargets, saveTargets } from './targetFiles.ts';
import { collectTargets, makeViews, problemsAt, readFreeTexts } from './targets.ts';
import { tinyLrm, world } from './tiny.fixture.ts';
import { loadViews, saveViews } from './views.ts';

let client: LrmClient;
beforeAll(async () => {
  await useDevice('onnx');
  client = await createLrmClient(inlinePool(), (await tinyLrm()).folder);
});
afterAll(closeEngine);

const problems = (split: 'train' | 'validation', count: number) => world.problems({ split, count, seed: 1 });
const newFolder = () => mkdtempSync(join(tmpdir(), 'recodi-targets-'));

describe('targets', () => {
  it('of some problems are those that each of them has alone', async () => {
    const set = await collectTargets(client, {
      split: 'validation',
      problems: problems('validation', 4),
      causal: true,
    });
    const some = problemsAt(set, [3, 1], client);
    expect(some.problems).toEqual([set.problems[3], set.problems[1]]);
    for (const [i, row] of [3, 1].entries()) {
      const own = problemsAt(set, [row], client);
      expect(problemsAt(some, [i], client)).toEqual(own);
      const { states, lens } = set;
      expect(own.states).toEqual(states.slice((row * states.length) / 4, ((row + 1) * states.length) / 4));
      expect(own.lens).toEqual(lens.slice((row * lens.length) / 4, ((row + 1) * lens.length) / 4));
      expect(own.answers[0]).toBe(set.answers[row]);
      expect(own.causal!.input.swap[0]).toBe(set.causal!.input.swap[(row * set.causal!.input.swap.length) / 4]);
    }
  });

  it('come back from disk as they were collected, and belong to their problems', async () => {
    const train = await collectTargets(client, { split: 'train', problems: problems('train', 5), causal: false });
    const held = await collectTargets(client, {
      split: 'validation',
      problems: problems('validation', 3),
      causal: true,
    });
    const folder = newFolder();
    const files = { tensors: join(folder, 'targets.safetensors'), lines: join(folder, 'targets.jsonl') };
    saveTargets(files, client, [train, held]);
    const sets = loadTargets(files, client);
    expect([...sets.keys()]).toEqual(['train', 'validation']);
    for (const set of [train, held]) {
      const { problems: loaded, ...rest } = sets.get(set.split)!;
      const { problems: own, ...numbers } = set;
      expect(rest).toEqual(numbers);
      expect(loaded).toEqual(own.map(problem => expect.objectContaining(problem)));
    }
    expect(sets.get('train')!.causal).toBeUndefined();
    expect(held.causal!.readout.swap.length).toBe(3 * (client.lrm.spec.latents + 1));

    const lines = readFileSync(files.lines, 'utf8').split('\n');
    writeFileSync(files.lines, '');
    expect(() => loadTargets(files, client)).toThrow(/train\.states has 5 rows.*has no train problems/);
    writeFileSync(files.lines, lines.slice(1).join('\n'));
    expect(() => loadTargets(files, client)).toThrow(/train\.states has 5 rows.*has 4 train problems/);
    writeFileSync(files.lines, [lines[1], lines[0], ...lines.slice(2)].join('\n'));
    expect(() => loadTargets(files, client)).toThrow(/train problems are not in their order: row 1 stands where 0/);
    writeFileSync(
      files.lines,
      lines.join('\n').replace('"question":"', '"question":["').replace('","steps"', '"],"steps"'),
    );
    expect(() => loadTargets(files, client)).toThrow(/targets\.jsonl:1: question: /);
    writeFileSync(files.lines, lines.join('\n'));
    const { lrm } = client;
    const wider = { lrm: { ...lrm, spec: { ...lrm.spec, model: { ...lrm.spec.model, hiddenSize: 6 } } } };
    expect(() => loadTargets(files, wider)).toThrow(/train\.states has the shape \[5,4,12\], .*asks for \[5,4,6\]/);
  });

  it('are read back with the words that the model answers with', async () => {
    const set = await collectTargets(client, { split: 'train', problems: problems('train', 4), causal: false });
    const { answers } = await client.think(set.problems.map(p => client.lrm.tokenizer.encode(p.question)));
    expect(set.answers).toEqual(answers);
  });
});

describe('free texts', () => {
  const request = { count: 30, maxWords: 6, context: 'question', seed: 1, purpose: 'test' } as const;
  it('are the same for the same seed and purpose, at most as long as asked for', async () => {
    const a = await readFreeTexts(client, world, problems('train', 8), request);
    expect(await readFreeTexts(client, world, problems('train', 8), request)).toEqual(a);
    expect(
      (await readFreeTexts(client, world, problems('train', 8), { ...request, purpose: 'other' })).texts,
    ).not.toEqual(a.texts);
    expect(Math.max(...a.texts.map(text => text.split(' ').length))).toBeLessThanOrEqual(6);
    expect(a.states.length).toBe(30 * client.lrm.spec.model.hiddenSize);
  });
});

describe('views of a model that has learned nothing', () => {
  const settings = { latents: [0, 2], anchors: 'auto', whitening: 'pooled', rawThreshold: 0.5, ridge: 1e-3 } as const;
  const views = async (space: 'auto' | 'raw', steps: 'each' | 'joint' = 'each') => {
    const set = (split: 'train' | 'validation') =>
      collectTargets(client, { split, problems: problems(split, 30), causal: false });
    const [train, validation] = [await set('train'), await set('validation')];
    const request = {
      context: 'question' as const,
      pool: inlinePool(),
      world,
      train,
      validation,
      ridge: 0.05,
      maxWords: 6,
      lead: [],
      seed: 1,
    };
    return makeViews(client, { ...request, settings: { ...settings, space, steps } });
  };

  it('are raw with an FVE that is not known, and survive the disk', async () => {
    const chosen = await views('raw');
    expect(chosen.views.map(({ id, fve }) => [id, fve])).toEqual([
      ['k0', Number.NaN],
      ['k2', Number.NaN],
    ]);
    expect(chosen.views.every(view => view.variance > 0 && view.frame.whitening.every(Number.isFinite))).toBe(true);
    const folder = newFolder();
    saveViews(folder, chosen);
    expect(loadViews(folder)).toEqual({ text: chosen.text, views: chosen.views, controls: [] });
  });

  it('cannot be translated, and the reason is said', async () => {
    await expect(views('auto')).rejects.toThrow(/own chain.*needs \d+ or more/);
    await expect(views('auto', 'joint')).rejects.toThrow(/own chain.*needs \d+ or more/);
  });
});

describe('chains', () => {
  it('that the model writes end before the answer prefix', async () => {
    const questions = problems('train', 3).map(p => client.lrm.tokenizer.encode(p.question));
    const { answerPrefix, eosId } = client.lrm.spec;
    const written = [
      [9, 8, ...answerPrefix, 7, eosId],
      [9, 8, eosId],
      [...answerPrefix, 5],
    ];
    const scripted: LrmClient = { ...client, write: async () => written.map(tokens => ({ tokens, stopped: true })) };
    expect(await explicitChains(scripted, questions)).toEqual([
      { chain: [9, 8], answer: 7 },
      { chain: [9, 8], answer: undefined },
      { chain: [], answer: 5 },
    ]);
  });
});

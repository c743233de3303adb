import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniformsFrom } from '../src/lm/tiny.fixture.ts';
import type { Lrm } from '../src/lrm/folder.ts';
import { similarities } from '../src/lrm/similarity.ts';
import { readChunk } from '../src/lrm/tasks.ts';
import { tinyLrm, world } from '../src/lrm/tiny.fixture.ts';
import { saveViews, type View } from '../src/lrm/views.ts';
import { stream } from '../src/run/random.ts';
import { closeEngine, useDevice } from '../src/tensor/index.ts';
import type { Completion } from './environment.ts';
import { createEnvironment } from './index.ts';
import type { InversionTarget, LatentInversionSettings } from './latentInversion.ts';

const d = 12;
const floats = (n: number, seed: number) => Float32Array.from({ length: n }, uniformsFrom(seed));
const view = (id: string, seed: number): View => ({
  id,
  steps: [1],
  space: 'raw',
  frame: { centre: floats(d, seed), whitening: floats(d * d, seed + 1).map(x => x - 0.5) },
  variance: 2,
  fve: 0.5,
});
const views = [view('k1', 1), view('k2', 5)];

let lrm: Lrm;
let settings: LatentInversionSettings;
beforeAll(async () => {
  await useDevice('cpu');
  lrm = await tinyLrm();
  const folder = mkdtempSync(join(tmpdir(), 'recodi-inversion-'));
  saveViews(folder, { text: { mean: floats(d, 8), deviation: floats(d, 9) }, views, controls: [] });
  settings = {
    kind: 'latent_inversion',
    lrm: lrm.folder,
    views: folder,
    context: 'question',
    similarity: 'whitened_cosine',
    missingEndPenalty: 0,
    lengthPenalty: 0,
    width: 8,
  };
});
afterAll(closeEngine);

const rng = stream(5, 'inversion');
const problems = [1, 2, 3, 2].map(steps => world.generator('train', rng, steps));
const targets = () =>
  problems.map(
    (problem, i): InversionTarget => ({
      question: lrm.tokenizer.encode(problem.question),
      view: views[i % 2]!.id,
      vector: floats(d, 20 + i),
      swapped: floats(d, 30 + i),
    }),
  );

const completion = (target: InversionTarget, text: string, ended = true): Completion<InversionTarget> => ({
  target,
  tokens: lrm.tokenizer.encode(text),
  text,
  ended,
});

async function scores(batch: readonly Completion<InversionTarget>[], changes: Partial<LatentInversionSettings> = {}) {
  const environment = await createEnvironment({ ...settings, ...changes });
  return environment.score(batch);
}

const text = '<< 5 + 6 = 11';

describe('the score of a text', () => {
  it('compares the state at its last token with the target, in the frame of the view', async () => {
    const [a, b] = targets();
    const batch = [completion(a!, text), completion(b!, '<< 3')];
    for (const similarity of ['whitened_cosine', 'cosine', 'neg_mse'] as const) {
      const found = await scores(batch, { similarity });
      for (const [i, { target, tokens }] of batch.entries()) {
        const readout = await readChunk({
          folder: lrm.folder,
          questions: [target.question],
          texts: [tokens],
          at: [[tokens.length]],
          width: 8,
        });
        const own = similarities(similarity, views[i]!.frame, readout, target.vector, 2)[0]!;
        const other = similarities(similarity, views[i]!.frame, readout, target.swapped, 2)[0]!;
        expect(found[i]!.reward).toBeCloseTo(own, 5);
        expect(found[i]!.terms.gap).toBeCloseTo(own - other, 5);
        expect(found[i]!.terms.shuffled).toBeCloseTo(other, 5);
      }
    }
  });

  it('does not depend on the rest of the batch', async () => {
    const [a, b, c, e] = targets();
    const own = completion(a!, text);
    const [alone] = await scores([own]);
    const batches = [
      [own, completion(a!, '<< 3'), completion(b!, text), completion(b!, '')],
      [completion(c!, text), own, completion(e!, '<<')],
      [completion(a!, '<< 9 * 3 = 27 >> << 1'), own, own],
      [completion(b!, text), completion(b!, text), own],
      [own, completion(a!, ''), completion({ ...b!, question: a!.question }, text)],
    ];
    for (const batch of batches) {
      const found = (await scores(batch))[batch.indexOf(own)]!;
      for (const [name, value] of Object.entries(alone!.terms)) expect(found.terms[name], name).toBeCloseTo(value, 5);
      expect(found.reward).toBeCloseTo(alone!.reward, 5);
    }
  });

  it('is taken where the context says: after the question, after <bot>, or after nothing', async () => {
    const [a] = targets();
    const { spec, tokenizer, folder } = lrm;
    const tokens = tokenizer.encode(text);
    const read = async (question: readonly number[], lead: readonly number[]) => {
      const at = [[lead.length + tokens.length]];
      const readout = await readChunk({ folder, questions: [question], texts: [[...lead, ...tokens]], at, width: 16 });
      return similarities('whitened_cosine', views[0]!.frame, readout, a!.vector, 2)[0]!;
    };
    const expected = {
      question: await read(a!.question, []),
      question_bot: await read(a!.question, [spec.botId]),
      none: await read([spec.padId], []),
    };
    expect(new Set(Object.values(expected)).size).toBe(3);
    for (const context of ['question', 'question_bot', 'none'] as const) {
      const [score] = await scores([completion(a!, text)], { context });
      expect(score!.reward).toBeCloseTo(expected[context], 5);
    }
  });

  it('loses a penalty for a missing end and for every token', async () => {
    const [a] = targets();
    const [free] = await scores([completion(a!, text)]);
    const penalties = { missingEndPenalty: 0.2, lengthPenalty: 0.01 };
    const [ended, cut] = await scores([completion(a!, text), completion(a!, text, false)], penalties);
    expect(ended!.reward).toBeCloseTo(free!.reward - 0.06, 6);
    expect(cut!.reward).toBeCloseTo(free!.reward - 0.26, 6);
    expect(cut!.terms.similarity).toBeCloseTo(free!.reward, 6);
    expect(cut!.terms.penalty).toBeCloseTo(0.26, 6);
  });

  it('has a lift of 0 where nothing is written, in every context', async () => {
    const [a, b] = targets();
    for (const context of ['question', 'question_bot', 'none'] as const) {
      const [empty, full] = await scores([completion(a!, ''), completion(b!, text)], { context });
      expect(empty!.terms.lift_empty).toBe(0);
      expect(full!.terms.lift_empty).not.toBe(0);
    }
  });

  it('explains everything where the state is the target itself', async () => {
    const [a] = targets();
    const tokens = lrm.tokenizer.encode(text);
    const vector = await readChunk({
      folder: lrm.folder,
      questions: [a!.question],
      texts: [tokens],
      at: [[tokens.length]],
      width: 8,
    });
    const [score] = await scores([completion({ ...a!, vector }, text)]);
    expect(score!.terms.fve).toBeCloseTo(1, 5);
    expect(score!.reward).toBeCloseTo(1, 5);
  });

  it('is given to texts that the model’s tokenizer makes longer than they were written', async () => {
    const [a] = targets();
    const [score] = await scores([completion(a!, '<< 5 + 6 = 11 >> << 11 * 3 = 33')]);
    expect(score!.reward).toBeGreaterThan(-1);
  });
});

it('names the views that there are, where a target asks for another', async () => {
  const [a] = targets();
  await expect(scores([completion({ ...a!, view: 'k9' }, text)])).rejects.toThrow(/no view "k9"; it has k1, k2/);
});

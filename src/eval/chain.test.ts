import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemsAt } from '../lrm/targets.ts';
import { stream } from '../run/random.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { type Bank, buildBank } from './bank.ts';
import type { Bench } from './bench.ts';
import { rank } from './candidates.ts';
import { chainTask } from './chain.ts';
import { measureChains, type ViewReading } from './chains.ts';
import { decode } from './decode.ts';
import { embeddedBench } from './embedded.fixture.ts';
import { measureFollows } from './follows.ts';
import { ROWS, type RowInputs } from './rows.ts';
import { nextTokens, referenceScores, supported } from './support.ts';
import { inputsOf } from './table.ts';
import { exactExpression } from './text.ts';
import { readWords, type Word } from './words.ts';

let bench: Bench;
let bank: Bank;
/** Of the second step's result. */
let inputs: RowInputs;
let gold: string[];

beforeAll(async () => {
  await useDevice('onnx');
  bench = await embeddedBench();
  bank = await buildBank(bench);
  const view = bench.views.views.find(({ anchor }) => anchor?.step === 2)!;
  inputs = inputsOf(bench, bench.sets.get('test')!, view, bank);
  gold = await ROWS.gold(bench, inputs);
}, 120_000);
afterAll(closeEngine);

const share = (texts: readonly string[], holds: (text: string, i: number) => boolean) =>
  texts.filter(holds).length / texts.length;
const exact = (texts: readonly string[], step = 1) =>
  share(texts, (text, i) => exactExpression(text, inputs.problems[i]!.steps[step]!));
const changed = (changes: Partial<Bench['config']['eval']>): Bench => ({
  ...bench,
  config: { ...bench.config, eval: { ...bench.config.eval, ...changes } },
});
const best = async (of: Bench, task: RowInputs) =>
  (await decode(of, 'chain', task, bank)).map(list => list[0]?.text ?? '');
/** The same task, whose steps before are read anew with other settings. */
const taskOf = (of: Bench): RowInputs => ({
  ...inputs,
  ...chainTask(of, { ...inputs, states: bench.sets.get('test')!.states }, bank),
});

describe('a chain', () => {
  it('reads the second step behind the first, with the grammar of the world and without', async () => {
    const retrieved = (await decode(bench, 'retrieve', inputs, bank)).map(list => list[0]!.text);
    for (const grammar of [true, false]) {
      const of = changed({ grammar });
      const texts = await best(of, taskOf(of));
      expect(exact(texts, 0)).toBeGreaterThan(0.8);
      expect(exact(texts)).toBeGreaterThan(0.7);
      expect(exact(texts)).toBeGreaterThan(exact(retrieved));
    }
  }, 60_000);

  it("says another second step behind the own first when it is shown another problem's latent", async () => {
    const texts = await best(bench, { ...inputs, vectors: inputs.swapped });
    expect(exact(texts, 0)).toBeGreaterThan(0.7);
    expect(exact(texts)).toBeLessThan(0.25);
  });

  it('reads the steps before once, and a first step like any text', async () => {
    const task = taskOf(bench);
    expect(task.beginnings()).toBe(task.beginnings());
    const first = bench.views.views.find(({ anchor }) => anchor?.step === 1)!;
    const own = inputsOf(bench, bench.sets.get('test')!, first, bank);
    expect(await own.beginnings()).toBeUndefined();
    const found = await decode(bench, 'chain', own, bank);
    expect(
      exact(
        found.map(list => list[0]!.text),
        0,
      ),
    ).toBeGreaterThan(0.8);
    // What labels keep of a candidate: their schema refuses more.
    for (const candidate of found.flat()) expect(Object.keys(candidate)).toEqual(['text', 'similarity']);
  });
});

describe('edited questions', () => {
  it('are followed by the second step, and not without thinking again', async () => {
    const { problems, states } = problemsAt(bench.sets.get('test')!, [0, 1, 2, 3, 4, 5, 6, 7], bench.client);
    const few = {
      ...inputs,
      questions: inputs.questions.slice(0, 8),
      vectors: inputs.vectors.slice(0, 8 * bench.policy.targetSize),
      beginnings: async () => (await inputs.beginnings())?.slice(0, 8),
    };
    const texts = await best(bench, few);
    const settings = (name: string) => ({ resamples: 100, confidence: 0.95, rng: stream(1, name) });
    const { follows } = await measureFollows(bench, { view: inputs.view, problems, texts, states }, bank, settings);
    expect(follows.changes.value).toBeGreaterThan(0.5);
    expect(follows.stays.value).toBeGreaterThan(0.5);
    expect(follows.unthought.value).toBeLessThan(0.1);
    expect(follows.swapped.value).toBeLessThan(0.1);
  }, 60_000);
});

describe('whole chains', () => {
  const settings = (name: string) => ({ resamples: 50, confidence: 0.95, rng: stream(1, name) });
  /** As if the gold text of every view had been read. */
  const readings = async (of = bench): Promise<ViewReading[]> =>
    Promise.all(
      of.views.views.map(async view => {
        const texts = await ROWS.gold(of, inputsOf(of, of.sets.get('test')!, view, bank));
        return { view, texts, gap: texts.map(() => 0.5), edited: [] };
      }),
    );

  it('are ours closed with the answer, and those of the peers, better than with the readings of other problems', async () => {
    const test = bench.sets.get('test')!;
    const table = (await measureChains(bench, test, await readings(), settings))!;
    expect(table.view).toBe(inputs.view.id);
    const { correct, incorrect } = table.problems;
    expect(correct + incorrect).toBe(test.problems.length);
    expect(correct).toBeGreaterThan(0.8 * test.problems.length);
    for (const { correct: right, swapped } of Object.values(table.methods)) {
      expect(right.gold.value).toBeGreaterThan(0.6);
      expect(right.found.value).toBeGreaterThanOrEqual(right.gold.value!);
      expect(swapped.value).toBeLessThan(right.found.value! - 0.2);
    }
    const { ours, projection, projection_verified } = table.methods;
    expect(ours.correct.gold.value).toBeGreaterThan(0.85);
    expect(projection_verified.correct.found.value).toBeLessThanOrEqual(projection.correct.found.value!);
  }, 60_000);

  it('are there only for equations, and where a view says of which step it speaks', async () => {
    const test = bench.sets.get('test')!;
    const { equations, ...world } = bench.world;
    expect(equations).toBeDefined();
    expect(await measureChains({ ...bench, world }, test, await readings(), settings)).toBeNull();
    const unknown = (await readings()).map(({ view: { anchor, ...view }, ...reading }) => ({ ...reading, view }));
    expect(await measureChains(bench, test, unknown, settings)).toBeNull();
  });
});

it("what reads nothing is measured beside it: the last token alone, and another problem's text", async () => {
  const [own, last, other] = await Promise.all([
    inputs.found(),
    ...(['last_token', 'other_text'] as const).map(row => ROWS[row](bench, inputs)),
  ]);
  expect(last).toEqual(own!.map(text => text.split(' ').at(-1)));
  expect(other).toEqual([...own!.slice(1), own![0]]);
  expect(await ROWS[bench.config.eval.decode](bench, inputs)).toBe(own);
});

describe('the support of the reference', () => {
  /** Up the reward from the gold text, a word at a time, wherever that leads. */
  async function climb(start: readonly string[], allowed: (texts: string[][]) => Promise<string[][]>) {
    const words = bench.world.vocabulary!;
    const rng = stream(1, 'climb');
    let texts = [...start];
    for (let step = 0; step < 5; step++) {
      const edits = texts.map(text => {
        const parts = text.split(' ');
        return Array.from({ length: 48 }, () => {
          const at = Math.floor(rng() * parts.length);
          return parts.with(at, words[Math.floor(rng() * words.length)]!).join(' ');
        });
      });
      const tried = await allowed(edits);
      const ranked = await rank(
        bench,
        inputs,
        tried.map((list, i) => [texts[i]!, ...list]),
      );
      texts = ranked.map(list => list[0]!.text);
    }
    return texts;
  }
  const whole = (texts: readonly string[]) =>
    share(texts, (text, i) => [0, 1].every(step => exactExpression(text, inputs.problems[i]!.steps[step]!)));
  const similarity = async (texts: readonly string[]) => {
    const ranked = await rank(
      bench,
      inputs,
      texts.map(text => [text]),
    );
    return ranked.reduce((sum, list) => sum + list[0]!.similarity, 0) / texts.length;
  };

  it('is what keeps a search from texts that score above the gold text and say something else', async () => {
    const free = await climb(gold, async texts => texts);
    const bound = await climb(gold, texts => supported(bench, texts));
    expect(await similarity(free)).toBeGreaterThan((await similarity(gold)) + 0.01);
    expect(whole(free)).toBeLessThan(0.6);
    expect(whole(bound)).toBeGreaterThan(whole(free) + 0.25);
  }, 60_000);

  it('holds the gold texts, and refuses a word out of place', async () => {
    expect(share(gold, () => true)).toBe(1);
    const kept = await supported(
      bench,
      gold.map(text => [text]),
    );
    expect(kept.filter(list => list.length === 1).length / gold.length).toBeGreaterThan(0.9);
    const broken = gold.map(text => [text.replace('=', '>>')]);
    expect((await supported(bench, broken)).flat()).toEqual([]);
  });

  it('scores a text by all of its words and by the least likely; nothing is said by the empty one', async () => {
    const beginning = gold[0]!.split(' ').slice(0, 3).join(' ');
    const scores = await referenceScores(bench, ['', gold[0]!, beginning]);
    expect(scores.get('')).toEqual({ sum: 0, least: 0 });
    const [whole, part] = [scores.get(gold[0]!)!, scores.get(beginning)!];
    expect(whole.sum).toBeLessThanOrEqual(part.sum);
    expect(whole.least).toBeLessThanOrEqual(part.least);
    expect(whole.sum).toBeLessThanOrEqual(whole.least);
  });

  it('knows sums: the likeliest word behind an equation is its result', async () => {
    const { encode, token } = bench.client.lrm.tokenizer;
    const texts = ['<< 5 + 6 =', '<< 14 / 2 =', '<< 5 + 6 = 11'];
    const found = await nextTokens(bench, texts.map(encode), 3);
    expect(found.map(([first]) => token(first!.id))).toEqual(['11', '7', '>>']);
    for (const list of found) {
      expect(list).toHaveLength(3);
      expect(list.map(({ logProb }) => logProb)).toEqual(list.map(({ logProb }) => logProb).sort((a, b) => b - a));
    }
  });
});

describe('the words of a text', () => {
  /** `<< a + b = c >> << c - d = e`, as the gold texts up to the second result. */
  const [SECOND_OPERATOR, SECOND_RESULT] = [9, 12];
  const FIRST_STEP = [1, 2, 3, 5];
  const SIGNS = [0, 4, 6, 7, 11];
  /** Share of the texts whose word at a place is read. */
  const readAt = (texts: readonly (readonly Word[])[], at: number) =>
    texts.filter(words => words[at]!.read).length / texts.length;

  it('are read where the latent speaks of them: the result, less the operator, and not the step before', async () => {
    const words = await readWords(bench, inputs, gold);
    expect(readAt(words, SECOND_RESULT)).toBeGreaterThan(0.8);
    expect(readAt(words, SECOND_OPERATOR)).toBeGreaterThan(0.25);
    for (const at of FIRST_STEP) expect(readAt(words, at)).toBeLessThan(0.25);
    expect(SIGNS.flatMap(at => words.map(text => text[at]!.read)).every(read => read === null)).toBe(true);
  });

  it("are not read where the latent is another problem's", async () => {
    const words = await readWords(bench, { ...inputs, vectors: inputs.swapped }, gold);
    for (const at of [...FIRST_STEP, SECOND_OPERATOR, SECOND_RESULT]) expect(readAt(words, at)).toBeLessThan(0.25);
  });

  it('are none of them read where the score does not look at the text', async () => {
    const read: Bench['client']['read'] = async ({ texts }) =>
      new Float32Array(texts.flat().length * bench.policy.targetSize).fill(1);
    const words = await readWords({ ...bench, client: { ...bench.client, read } }, inputs, gold);
    const open = words.flat().filter(({ loss }) => loss !== null);
    expect(open.length).toBeGreaterThan(100);
    expect(open.every(word => word.loss === 0 && word.read === false)).toBe(true);
  });
});

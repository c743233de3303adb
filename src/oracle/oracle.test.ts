import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bench } from '../eval/bench.ts';
import { embeddedBench } from '../eval/embedded.fixture.ts';
import { filesOf } from '../fuzz/files.fixture.ts';
import { labelOf, writeRows } from '../labels/labels.fixture.ts';
import type { Label } from '../labels/schema.ts';
import { RecodiError } from '../run/errors.ts';
import { readJsonl } from '../run/jsonl.ts';
import { openLog } from '../run/log.ts';
import { dependsOnMachine } from '../run/metrics.ts';
import { createRun, type RunPaths } from '../run/paths.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createPool, type Pool } from '../tensor/pool.ts';
import { createShared } from '../tensor/shared.ts';
import { openOracle } from './ask.ts';
import { type Collected, collectFacts } from './collect.ts';
import { type OracleConfig, oracleConfigSchema } from './config.ts';
import { evaluateOracle } from './evaluate.ts';
import { loadOracle, makeOracle } from './folder.ts';
import { gradientTask } from './oracleTasks.ts';
import { statisticsOf } from './statistics.ts';
import { trainOracle } from './train.ts';

const runs = mkdtempSync(join(tmpdir(), 'recodi-oracles-'));
const one = createPool({ workers: 1, device: 'onnx' });
const two = createPool({ workers: 2, device: 'onnx' });
const never = new AbortController().signal;
let bench: Bench;
let collected: Collected;

function configOf(name: string, changes: object = {}): OracleConfig {
  return oracleConfigSchema.parse({
    name,
    run: bench.paths.folder,
    tasks: { gold_result: 1 },
    problems: { train: 200, validation: 20, test: 20 },
    batch_size: 32,
    micro_batch_size: 16,
    max_new_tokens: 8,
    validation_questions: 40,
    eval: { bootstrap: 100 },
    ...changes,
  });
}

beforeAll(async () => {
  await useDevice('onnx');
  bench = await embeddedBench();
  collected = await collectFacts(configOf('facts'), bench);
});
afterAll(async () => {
  await Promise.all([one.close(), two.close(), closeEngine()]);
  for (const folder of [runs, bench.paths.folder]) rmSync(folder, { recursive: true });
});

async function refused(working: Promise<unknown>, code: string, message: RegExp) {
  await expect(working).rejects.toBeInstanceOf(RecodiError);
  await expect(working).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
}

interface Begun {
  readonly config: OracleConfig;
  readonly paths: RunPaths;
}

function begin(name: string, changes: object = {}): Begun {
  const config = configOf(name, changes);
  return { config, paths: createRun(runs, oracleConfigSchema, config) };
}

async function oracleOf({ config, paths }: Begun) {
  const { layers, hiddenSize: targetSize } = collected.client.lrm.spec.model;
  const oracle = await makeOracle(paths.oracle, config, { model: bench.config.lrm, targetSize, layers });
  return { oracle, statistics: statisticsOf(collected.parts.train.vectors, targetSize) };
}

async function train(run: Begun, pool: Pool, { signal = never, resume = false, of = collected } = {}) {
  const log = openLog(run.paths.log);
  const warn = (sentence: string) => log.warn(sentence);
  const made = await oracleOf(run);
  return trainOracle({ ...run, ...made, pool, signal, resume, progress: bench.progress, log, warn, collected: of });
}

describe('an oracle that was trained on gold results', () => {
  let run: Begun;
  beforeAll(async () => {
    run = begin('learns', { steps: 64, lr: 4e-3, warmup: 10, validate_every: 32 });
    expect(await train(run, two)).toBe(true);
  });

  it('tells those of held-out problems from their vectors, in words of its training and in others', async () => {
    const { config, paths } = run;
    const { oracle } = await oracleOf(run);
    const { params, statistics, step } = loadOracle(paths.oracle, oracle);
    const said: string[] = [];
    const count = collected.client.lrm.spec.latents + 1;
    const evaluation = await evaluateOracle({
      ...{ config, collected, step, pool: two, signal: never, params: createShared('learns', params) },
      teller: { oracle: oracle.spec, tokenizer: oracle.tokenizer, statistics, count },
      onProgress: what => said.push(what),
    });
    expect(said).toEqual(['gold_result', 'free questions', 'unreadable latents', 'done']);
    expect(Object.keys(evaluation.tasks)).toEqual(['gold_result']);
    const { exact, held, shuffled, f1, majority, probe, problems } = evaluation.tasks.gold_result!;
    expect(problems).toBe(20);
    const control = Math.max(shuffled.value!, majority);
    expect(control).toBeLessThan(0.3);
    expect(exact.low).toBeGreaterThan(control);
    expect(exact.value).toBeGreaterThan(0.6);
    expect(held!.value).toBeGreaterThan(control);
    expect(f1.value).toBeGreaterThanOrEqual(exact.value!);
    expect(probe).toBeGreaterThan(0.6);
    const places = [...new Set(evaluation.free.map(({ steps }) => steps.join()))];
    expect(places).toEqual(bench.views.views.map(({ steps }) => steps.join()));
    expect(evaluation.free).toHaveLength(4 * places.length);
    for (const { asks, lens, label, problems } of evaluation.free) {
      expect([label, lens === null, problems]).toEqual([null, asks !== 'result', 20]);
      if (asks === 'result') expect(lens).toBeGreaterThan(0.5);
    }
    expect(evaluation.cannot_tell).toEqual({ accepted: null, others: null });
    const validated = readJsonl(paths.metrics).flatMap(line => line['validation/exact'] ?? []);
    expect(validated).toHaveLength(2);
    expect(Math.max(...(validated as number[]))).toBeGreaterThan(0.7);
  });

  it('can be asked, and says what is wrong with a question that it cannot be asked', async () => {
    const { config, paths } = run;
    const { ask, prepared } = await openOracle(config, paths.oracle, { ...bench, pool: two });
    const [view] = bench.views.views;
    const question = 'What is the result here ?';
    const problems = prepared.sets.get('test')!.problems;
    const results = problems.map(({ id, steps }) => ({ id, result: steps[view!.anchor!.step - 1]!.result }));
    let right = 0;
    for (const { id, result } of results.slice(0, 5)) {
      const { answer, shuffled } = await ask({ problem: id, steps: view!.steps, question }, never);
      right += Number(answer === result);
      expect(shuffled.problem).not.toBe(id);
    }
    expect(right).toBeGreaterThanOrEqual(3);
    const asking = (changes: object) => ask({ problem: problems[0]!.id, steps: [1], question, ...changes }, never);
    await refused(asking({ problem: 'none' }), 'usage', /no problem "none" in the run; its ids are in targets\.jsonl/);
    await refused(asking({ steps: [1, 9] }), 'usage', /step 9: expected steps from 0 to 4/);
    await refused(asking({ steps: [] }), 'usage', /step none: expected steps from 0 to 4/);
    await refused(asking({ question: 'Wherefore, pray?' }), 'usage', /knows none of its words.*write "here \?"/);
    await refused(asking({ question: ' ' }), 'usage', /expected a question, got none/);
    expect(await asking({ question: 'Wherefore the result' })).toHaveProperty('answer');
  });
});

describe('a training', () => {
  const short = {
    tasks: { which_step: 1, lens_tokens: 1 },
    injection: { kind: 'residual', block: 0 },
    ...{ trainable: 'lora', lora: { r: 4 } },
    ...{ steps: 4, warmup: 2, validate_every: 2, validation_questions: 8, checkpoint_every: 2 },
  };
  const left = ({ paths }: Begun) => ({
    oracle: filesOf(paths.oracle),
    last: filesOf(join(paths.checkpoints, '000004')),
    metrics: readJsonl(paths.metrics).map(line =>
      Object.fromEntries(Object.entries(line).filter(([name]) => !dependsOnMachine(name))),
    ),
  });

  it('gives the same with 1 and 2 workers, interrupted and resumed, and killed behind a checkpoint', async () => {
    const whole = begin('whole', short);
    expect(await train(whole, one)).toBe(true);
    const expected = left(whole);
    expect(expected.metrics.map(({ update }) => update)).toEqual([1, 2, 3, 4]);
    const both = begin('both', short);
    await train(both, two);
    expect(left(both)).toEqual(expected);

    const stopped = begin('stopped', short);
    const stop = new AbortController();
    let gradients = 0;
    const stopping: Pool = {
      ...two,
      run(task, input, options) {
        // Under the first of the last step's two gradients.
        if (task.name === gradientTask.name && ++gradients === 7) stop.abort();
        return two.run(task, input, options);
      },
    };
    expect(await train(stopped, stopping, { signal: stop.signal })).toBe(false);
    expect(existsSync(join(stopped.paths.checkpoints, '000003'))).toBe(true);
    expect(await train(stopped, two, { resume: true })).toBe(true);
    expect(left(stopped)).toEqual(expected);

    rmSync(join(whole.paths.checkpoints, '000004'), { recursive: true });
    expect(await train(whole, two, { resume: true })).toBe(true);
    expect(left(whole)).toEqual(expected);
  });

  it('whose task finds nothing to ask is refused', async () => {
    const { parts } = collected;
    const bare = { ...parts.train, facts: parts.train.facts.map(facts => ({ ...facts, gold: [] })) };
    const of = { ...collected, parts: { ...parts, train: bare } };
    const message = /recodi-embedded-.*: the task gold_result finds nothing to ask there \(the world does not know/;
    await refused(train(begin('bare'), one, { of }), 'input', message);
    const labels = begin('unlabelled', { tasks: { which_step: 1, computing: 1 } });
    await refused(train(labels, one), 'input', /the task computing finds nothing .*no label is accepted.*leave it out/);
  });
});

describe('facts', () => {
  const wanting = () => configOf('labels', { tasks: { computing: 1, unreadable: 1 } });
  const label = (labels: readonly Label[]) =>
    writeRows(bench.paths.labels, {
      lines: labels.map(one => JSON.stringify(one)),
      vectors: labels.map((_, i) => [i, 1]),
    });

  it('are of as many problems as asked for, each with a state for every step at every depth', () => {
    const { parts, client } = collected;
    const { latents, model } = client.lrm.spec;
    expect(Object.values(parts).map(({ facts }) => facts.length)).toEqual([200, 20, 20]);
    const ids = Object.values(parts).flatMap(({ facts }) => facts.map(({ problem }) => problem.id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { facts, vectors } of Object.values(parts)) {
      expect([...vectors.keys()].toSorted()).toEqual([1, 2, 3, 4]);
      for (const all of vectors.values()) expect(all).toHaveLength(facts.length * (latents + 1) * model.hiddenSize);
      for (const { early, answer, altered, lens, gold } of facts) {
        expect([early.length, lens.length, altered.swap.length]).toEqual([5, 5, 5]);
        expect(early.at(-1)).toBe(answer);
        expect(gold.map(({ steps }) => steps)).toEqual(bench.views.views.map(({ steps }) => steps));
      }
    }
  });

  it('of labels say what was accepted, and that the others cannot be read; of other splits they are refused', async () => {
    await refused(
      collectFacts(wanting(), bench),
      'input',
      /labels: the task computing .*the run has none; make them by/,
    );
    const { train: set } = collected.parts;
    const labels = set.facts.slice(0, 16).map(({ problem: { id, question } }, i): Label => {
      const own = { ...labelOf(id), question, split: 'train' as const };
      return i % 2 === 0 ? { ...own, accepted: true } : { ...own, accepted: false };
    });
    label(labels);
    const { parts } = await collectFacts(wanting(), bench, ['train']);
    expect(parts.validation.facts).toEqual([]);
    expect(parts.train.facts.map(({ problem }) => problem.id)).toEqual(
      labels.slice(0, 14).map(({ problem }) => problem),
    );
    parts.train.facts.forEach(({ readings: [first, ...more] }, i) => {
      expect(more).toEqual([]);
      expect(first!.steps).toEqual([1]);
      expect(first!.text).toBe(i % 2 === 0 ? '<< 5 + 6 = 11 >>' : null);
      if (i % 2 === 1) expect(first!.next).toBeNull();
    });
    expect(parts.train.facts.some(({ readings }) => readings[0]!.next !== null)).toBe(true);

    label([...labels.slice(0, 4), { ...labels[4]!, split: 'test' }]);
    const message =
      /labels: expected labels of training problems, got .* of the test split; make them by `recodi label/;
    await refused(collectFacts(wanting(), bench), 'input', message);
    // Labels that no task uses are in nobody's way.
    const { parts: gold } = await collectFacts(configOf('gold', { problems: { train: 4 } }), bench, ['train']);
    expect(gold.train.facts.map(({ readings }) => readings)).toEqual([[], [], [], []]);
    label(labels.slice(0, 1));
    await refused(collectFacts(wanting(), bench), 'input', /: 1 problems can be asked about, .*label more/);
    rmSync(bench.paths.labels, { recursive: true });
  });
});

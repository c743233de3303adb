import { existsSync, readdirSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { buildBank } from '../eval/bank.ts';
import type { Bench } from '../eval/bench.ts';
import { embeddedBench } from '../eval/embedded.fixture.ts';
import { squaredDistance } from '../lrm/similarity.ts';
import { readJsonl } from '../run/jsonl.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { labelRun } from './label.ts';
import { labelSchema } from './schema.ts';

afterAll(closeEngine);

it('labels every view of some problems, and says how probably each is right', async () => {
  await useDevice('onnx');
  const bench = await embeddedBench();
  const { config } = bench;
  const asked: Bench = {
    ...bench,
    config: {
      ...config,
      eval: { ...config.eval, decode: 'retrieve' },
      labels: { ...config.labels, problems: 8, follows: true },
    },
  };
  const [first, second] = bench.views.views;
  const interrupted = labelRun({
    ...asked,
    progress: {
      ...bench.progress,
      update(_done, figures) {
        if (figures?.view === second!.id) throw new Error('interrupted');
      },
    },
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(readdirSync(`${bench.paths.labels}/parts`)).toEqual([`${first!.id}.json`]);
  const notes: string[] = [];
  const summary = await labelRun({ ...asked, progress: { ...bench.progress, note: line => notes.push(line) } });
  expect(notes).toEqual([`${first!.id}: 8 labels were read before`]);
  expect(existsSync(`${bench.paths.labels}/parts`)).toBe(false);
  const labels = readJsonl(`${bench.paths.labels}/labels.jsonl`).map(line => labelSchema.parse(line));
  expect(summary.files.every(file => existsSync(file))).toBe(true);
  expect(labels).toHaveLength(8 * bench.views.views.length);
  expect(summary.labels).toBe(labels.length);
  expect(summary.accepted).toBe(labels.filter(label => label.accepted).length);
  const vectors = openSafetensors(`${bench.paths.labels}/vectors.safetensors`);
  const d = bench.policy.targetSize;
  expect(vectors.tensors.get('vectors')!.shape).toEqual([labels.length, d]);
  const [targets, readouts] = [vectors.read('vectors'), vectors.read('readouts')];
  labels.forEach(({ view, scores, explanation }, i) => {
    const { variance } = bench.views.views.find(({ id }) => id === view)!;
    const fve = 1 - squaredDistance(readouts, i, targets, i, d) / variance;
    if (explanation !== null) expect(fve).toBeCloseTo(scores.fve, 4);
  });
  for (const { accepted, probability, verdicts, edits } of labels) {
    expect(probability).toBeGreaterThanOrEqual(0);
    const follows = edits!.length > 0 && edits!.every(edit => edit.follows);
    if (verdicts.follows!.holds) expect(follows).toBe(true);
    expect(accepted).toBe(
      verdicts.readable.holds && probability! >= config.labels.accept && verdicts.follows!.holds === true,
    );
  }
  expect(labels.some(label => label.verdicts.follows!.holds)).toBe(true);
  const bank = new Set((await buildBank(bench)).texts);
  for (const { explanation, scores, nearest, alternatives, gold } of labels) {
    expect(nearest.every(({ text }) => bank.has(text))).toBe(true);
    expect(nearest).toEqual([...nearest].sort((a, b) => b.similarity - a.similarity));
    // A text has one similarity, whatever it was found as; a whole chain begins with what it is cut from.
    for (const { text, similarity } of [...alternatives, { text: explanation, similarity: scores.similarity }])
      for (const same of [...nearest, gold.ceiling].filter(other => other.text === text))
        expect(same.similarity).toBeCloseTo(similarity, 5);
    expect(gold.steps.map(step => step.text).join(' ')).toContain(gold.ceiling.text);
  }
  const ceilings = labels.map(({ gold }) => gold.ceiling.fve);
  expect(ceilings.reduce((a, b) => a + b) / labels.length).toBeGreaterThan(0);
  for (const { anchor, ...view } of bench.views.views) {
    const { calibration } = summary.views[view.id]!;
    const own = labels.filter(label => label.view === view.id);
    const right = own.map(label => Number(label.gold.steps[anchor!.step - 1]!.exact));
    expect(calibration!.fitted_on).toBe(config.targets.problems.validation);
    expect(calibration!.reliability.reduce((sum, bin) => sum + bin.readings, 0)).toBe(own.length);
    const errors = own.map((label, i) => (label.probability! - right[i]!) ** 2);
    expect(calibration!.brier).toBeCloseTo(errors.reduce((a, b) => a + b) / own.length, 9);
  }
  expect(summary.views[first!.id]!.calibration!.precision).toBeGreaterThan(0.7);

  const said: string[] = [];
  const unread = { ...bench.client, read: () => Promise.reject(new Error('read again')) };
  const progress = { ...bench.progress, note: (line: string) => said.push(line) };
  const exported = await labelRun({ ...asked, client: unread, progress }, ['nla']);
  expect(said).toEqual([expect.stringMatching(/not read again/)]);
  expect(exported).toMatchObject({ labels: summary.labels, accepted: summary.accepted, views: summary.views });
  const names = exported.files.map(file => file.slice(bench.paths.labels.length + 1));
  expect(names).toEqual([
    ...['labels.jsonl', 'vectors.safetensors', 'ao/rows.jsonl'],
    ...['nla/labels.parquet', 'nla/labels.parquet.nla_meta.yaml'],
    ...['README.md', 'nla/README.md', 'calibration.json'],
  ]);

  const client = { ...bench.client, read: () => Promise.reject(new Error('read again')) };
  const { texts, states } = await buildBank(bench);
  const again = await buildBank({ ...bench, client });
  expect([again.texts, again.states.data]).toEqual([texts, states.data]);
  expect(states.data).toHaveLength(config.eval.bank * bench.policy.targetSize);
  await expect(buildBank({ ...bench, client, config: { ...config, seed: 2 } })).rejects.toThrow('read again');
}, 120_000);

import { describe, expect, it } from 'vitest';
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { Learner } from '../lm/learner.ts';
import { trainConfigSchema } from './config.ts';
import { runWarmStart, type WarmStartData, type WarmStartSettings, warmStartRate } from './warmStart.ts';
import type { WarmStartInput } from './warmStartTask.ts';

const d = 3;
const width = 5;
const policy = { targetSize: d, eosId: 1, padId: 0 } as PolicySpec;
const { warm_start: defaults } = trainConfigSchema.parse({ name: 'test', lrm: '.' });
const settings: WarmStartSettings = { ...defaults, steps: 4, batch_size: 6, micro_batch_size: 4, warmup: 2 };
const data: WarmStartData = {
  texts: [[5], [6, 7], [8, 9, 10], [11, 12, 13, 14, 15, 16]],
  z: Float32Array.from({ length: 4 * d }, (_, i) => 10 + i),
};

type Input = Omit<WarmStartInput, 'params'>;

/** Runs with a learner that keeps what it is given. */
async function record(
  changes: Partial<WarmStartSettings> = {},
  options: { from?: number; seed?: number; stopAfter?: number; policy?: PolicySpec; data?: WarmStartData } = {},
) {
  const batches: Input[][] = [];
  const rates: number[] = [];
  const stop = new AbortController();
  const learner = {
    async step(micro: { inputs: Input[] }, { lr }: { lr: number }) {
      batches.push(micro.inputs);
      rates.push(lr);
      return {
        gradNorm: 1,
        skipped: batches.length === 2,
        metrics: micro.inputs.map(() => ({ 'warm_start/loss': 0.5 })),
      };
    },
  } as unknown as Learner;
  const seen: [number, Readonly<Record<string, number>>][] = [];
  const done = await runWarmStart({
    learner,
    policy: options.policy ?? policy,
    settings: { ...settings, ...changes },
    data: options.data ?? data,
    width,
    seed: options.seed ?? 1,
    from: options.from ?? 0,
    signal: stop.signal,
    onStep(step, metrics) {
      seen.push([step, metrics]);
      if (step === options.stopAfter) stop.abort();
    },
  });
  return { batches, rates, seen, done };
}

const rowsOf = ({ ids, lengths, width: w, z }: Omit<WarmStartInput, 'params'>) =>
  Array.from(lengths, (length, b) => {
    const row = [...ids.slice(b * w, (b + 1) * w)];
    expect(row.slice(length)).toEqual(Array(w - length).fill(policy.padId));
    return { ids: row.slice(0, length), length, z: [...z.slice(b * d, (b + 1) * d)] };
  });

describe('warm start', () => {
  it('draws the same batches whenever it comes to them: a resumed one goes on with those that were left', async () => {
    const whole = await record();
    expect(whole.done).toBe(4);
    const rest = await record({}, { from: 2 });
    expect(rest.batches).toEqual(whole.batches.slice(2));
    expect(rest.rates).toEqual(whole.rates.slice(2));
    expect(whole.batches[0]).not.toEqual(whole.batches[1]);
    expect((await record({}, { seed: 2 })).batches[0]).not.toEqual(whole.batches[0]);
    const stopped = await record({}, { stopAfter: 3 });
    expect(stopped.done).toBe(3);
    expect(stopped.batches).toEqual(whole.batches.slice(0, 3));
  });

  it('pairs each text, ended and cut to the width, with its own readout', async () => {
    const { batches } = await record({ noise: 0, unconditional: 0, batch_size: 40 });
    expect(batches[0]!.map(input => input.lengths.length)).toEqual(Array(10).fill(4));
    for (const { ids, length, z } of batches[0]!.flatMap(rowsOf)) {
      const text = (z[0]! - 10) / d;
      expect(z).toEqual([...data.z.slice(text * d, (text + 1) * d)]);
      const expected = [...data.texts[text]!, policy.eosId].slice(0, width);
      expect(ids).toEqual(expected);
      expect(length).toBe(expected.length);
    }
  });

  it('shows the question that a text was read with to a policy that sees questions, and to no other', async () => {
    const questions = [[50], [51, 52], [53], [54]];
    const run = (seesQuestion: boolean) =>
      record({}, { policy: { ...policy, seesQuestion }, data: { ...data, questions } });
    const seen = (await run(true)).batches[0]!;
    for (const input of seen) {
      expect(input.questions).toHaveLength(input.lengths.length);
      rowsOf(input).forEach(({ ids }, b) => {
        const text = data.texts.findIndex(([first]) => first === ids[0]);
        expect(input.questions![b]).toEqual(questions[text]);
      });
    }
    const unseen = (await run(false)).batches[0]!;
    expect(unseen.every(input => input.questions === undefined)).toBe(true);
    expect(unseen.map(input => input.z)).toEqual(seen.map(input => input.z));
  });

  it('tells every micro-batch the tokens of the whole batch', async () => {
    const { batches } = await record();
    expect(batches[0]!.map(input => input.lengths.length)).toEqual([3, 3]);
    const tokens = batches[0]!.flatMap(rowsOf).reduce((sum, row) => sum + row.length, 0);
    expect(batches[0]!.map(input => input.tokens)).toEqual([tokens, tokens]);
  });

  it('hides the vector of a share of the texts, and blurs the others as far as told', async () => {
    const hidden = await record({ unconditional: 1 });
    expect(
      hidden.batches
        .flat()
        .flatMap(rowsOf)
        .every(row => row.z.every(x => x === 0)),
    ).toBe(true);
    const { batches } = await record({ unconditional: 0.25, noise: 0.3, batch_size: 400, steps: 1 });
    const rows = batches.flat().flatMap(rowsOf);
    const shown = rows.filter(row => row.z.some(x => x !== 0));
    expect(1 - shown.length / rows.length).toBeCloseTo(0.25, 1);
    const errors = shown.flatMap(row => row.z.map((x, i) => x - (Math.round((row.z[0]! - 10) / d) * d + 10 + i)));
    const deviation = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / errors.length);
    expect(deviation).toBeGreaterThan(0.1);
    expect(deviation).toBeLessThan(0.3);
  });

  it('says which steps were skipped, and sums the micro-batches’ losses', async () => {
    const { seen } = await record();
    expect(seen.map(([step, metrics]) => [step, metrics.skipped_updates])).toEqual([
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 0],
    ]);
    expect(seen[0]![1]['warm_start/loss']).toBe(1);
  });

  it('warms up in a line, then cools as a cosine to its floor', () => {
    const rate = (step: number) =>
      warmStartRate({ ...settings, lr: 1, steps: 100, warmup: 10, min_lr_ratio: 0.1 }, step);
    expect(rate(0)).toBeCloseTo(0.1, 3);
    expect(rate(50)).toBeCloseTo(0.55, 9);
    expect(rate(99)).toBeGreaterThan(0.1);
    expect(rate(99)).toBeLessThan(0.101);
  });
});

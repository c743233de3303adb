import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../lm/checkpoint.ts';
import { hostView, layout } from '../lm/parameters.ts';
import { parameterShapes } from '../lm/spec.ts';
import { tinySpec as base, tinyParameters, uniformsFrom } from '../lm/tiny.fixture.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createShared } from '../tensor/shared.ts';
import { initialOracle, type OracleInjection, type OracleSpec, oracleLayout } from './model.ts';
import { oracleAnswers, oracleGradient } from './oracleTasks.ts';
import { type AnsweredRow, injected } from './prompt.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-oracle-model-'));
const known = base.vocabSize;
const vocabSize = known + 3;
const injections: readonly OracleInjection[] = [
  { kind: 'residual', block: 0, coefficient: 1.5 },
  { kind: 'embedding' },
];
const kinds = injections.flatMap(injection =>
  (['full', 'lora'] as const).map(trainable => ({ kind: injection.kind, trainable, injection })),
);

beforeAll(() => {
  const map = layout(parameterShapes(base));
  const data = tinyParameters();
  saveModel(
    folder,
    base,
    Object.fromEntries(map.entries.map(({ name, shape }) => [name, { shape, data: hostView(map, data, name) }])),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Words were added to the base model; vectors are of another size where they are mapped. */
function specOf({ trainable, injection }: { trainable: 'full' | 'lora'; injection: OracleInjection }): OracleSpec {
  return {
    model: { ...base, vocabSize },
    baseFile: join(folder, 'model.safetensors'),
    baseVocabSize: known,
    ...(trainable === 'lora' && { lora: { r: 2, alpha: 4, targets: ['q_proj', 'down_proj'] } }),
    injection,
    targetSize: injection.kind === 'residual' ? base.hiddenSize : 5,
    eosId: 1,
    padId: 0,
  };
}

/** Fresh parameters, moved, so that no gradient is zero because an adapter is. */
function moved(spec: OracleSpec): Float32Array {
  const next = uniformsFrom(7);
  return initialOracle(spec, uniformsFrom(1)).map(x => x + 0.4 * (next() - 0.5));
}

/** Prompts of several lengths with up to two markers, and answers, in which words stand that were added. */
function rowsOf(spec: OracleSpec, seed = 3): AnsweredRow[] {
  const next = uniformsFrom(seed);
  const word = () => 2 + Math.floor(next() * (vocabSize - 2));
  const mean = new Float32Array(spec.targetSize);
  return [
    { length: 6, markers: [1, 2], answer: 3 },
    { length: 4, markers: [1], answer: 1 },
    { length: 9, markers: [1, 2], answer: 6 },
  ].map(({ length, markers, answer }) => ({
    ids: Array.from({ length }, (_, i) => (i === 3 ? known + 1 : word())),
    markers,
    vectors: injected(
      spec,
      Float32Array.from({ length: markers.length * spec.targetSize }, () => next() - 0.5),
      { mean, deviation: mean.map(() => 0.3) },
    ),
    answer: [...Array.from({ length: answer - 1 }, word), known + 2, spec.eosId],
  }));
}

const tokensOf = (rows: readonly AnsweredRow[]) => rows.reduce((sum, { answer }) => sum + answer.length, 0);

async function gradientOf(
  oracle: OracleSpec,
  params: Float32Array,
  rows: readonly AnsweredRow[],
  all = tokensOf(rows),
) {
  const shared = createShared('oracle.test', params);
  const { gradient, metrics } = await oracleGradient({ params: shared, oracle, rows, tokens: all });
  return { gradient, loss: metrics['oracle/loss']! };
}

describe.each(['onnx', 'cpu'] as const)('on %s', device => {
  beforeAll(async () => {
    await useDevice(device);
  });
  afterAll(closeEngine);

  it.each(kinds)('$kind, $trainable: the gradient is that of finite differences', async kind => {
    const oracle = specOf(kind);
    const [params, rows] = [moved(oracle), rowsOf(oracle)];
    const { gradient } = await gradientOf(oracle, params, rows);
    const next = uniformsFrom(5);
    for (const [i, { name, offset, shape }] of oracleLayout(oracle).entries.entries()) {
      // No gradient flows through the length that an injection has, which is that of what the first block gives.
      const before = kind.kind === 'residual' && /embed_tokens|layers\.0\./.test(name);
      if (before) continue;
      const own = gradient[i]!;
      const size = shape.reduce((a, b) => a * b, 1);
      expect(own).toHaveLength(size);
      const unit = (values: Float32Array) => values.map(x => x / Math.hypot(...values));
      const random = unit(Float32Array.from({ length: size }, () => next() - 0.5));
      const direction = unit(unit(own).map((x, j) => x + random[j]!));
      const slope = direction.reduce((sum, x, j) => sum + x * own[j]!, 0);
      const at = async (step: number) => {
        const there = params.slice();
        direction.forEach((x, j) => {
          there[offset + j]! += step * x;
        });
        return (await gradientOf(oracle, there, rows)).loss;
      };
      const h = 0.005;
      const difference = ((await at(h)) - (await at(-h))) / (2 * h);
      expect(Math.abs(difference - slope), name).toBeLessThan(5e-4 + 0.01 * Math.abs(slope));
    }
  });

  it.each(kinds)('$kind, $trainable: more padding and other rows beside change no loss', async kind => {
    const oracle = specOf(kind);
    const [params, rows] = [moved(oracle), rowsOf(oracle)];
    const all = tokensOf(rows);
    const together = await gradientOf(oracle, params, rows, all);
    const alone: Awaited<ReturnType<typeof gradientOf>>[] = [];
    for (const row of rows) alone.push(await gradientOf(oracle, params, [row], all));
    expect(alone.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(together.loss, 4);
    together.gradient.forEach((own, i) => {
      own.forEach((x, j) => {
        const sum = alone.reduce((so, { gradient }) => so + gradient[i]![j]!, 0);
        expect(Math.abs(sum - x)).toBeLessThan(1e-4);
      });
    });
  });

  it.each(kinds)('$kind, $trainable: a greedy answer is the same alone and in a batch', async kind => {
    const oracle = specOf(kind);
    const params = createShared('oracle.test', moved(oracle));
    const rows = [3, 4, 5].flatMap(seed => rowsOf(oracle, seed));
    const ask = (asked: typeof rows) => oracleAnswers({ params, oracle, rows: asked, maxNewTokens: 5 });
    const together = await ask(rows);
    const alone: number[][] = [];
    for (const row of rows) alone.push(...(await ask([row])));
    expect(together).toEqual(alone);
    expect(new Set(together.map(ids => ids.join())).size).toBeGreaterThan(1);
    expect(together.flat()).not.toContain(oracle.eosId);
  });
});

describe('what is trained', () => {
  it('of adapters are rows of added words, which answers move, and nothing of the base', async () => {
    await useDevice('onnx');
    const oracle = specOf({ trainable: 'lora', injection: injections[1]! });
    const { entries } = oracleLayout(oracle);
    expect(entries.filter(({ name }) => !name.includes('lora_')).map(({ name, shape }) => [name, shape])).toEqual([
      ['added.model.embed_tokens.weight', [3, base.hiddenSize]],
      ['injection.weight', [base.hiddenSize, 5]],
      ['injection.bias', [base.hiddenSize]],
    ]);
    const { gradient } = await gradientOf(oracle, moved(oracle), rowsOf(oracle));
    for (const [i, { name }] of entries.entries())
      expect(
        gradient[i]!.some(x => x !== 0),
        name,
      ).toBe(true);
    const none = oracleLayout({ ...oracle, model: base, injection: injections[0]! }).entries;
    expect(none.every(({ name }) => name.includes('lora_'))).toBe(true);
    await closeEngine();
  });

  it.each(injections)(
    'of adapters has no effect at first: $kind answers are those of the base model',
    async injection => {
      await useDevice('onnx');
      const [whole, adapted] = [specOf({ trainable: 'full', injection }), specOf({ trainable: 'lora', injection })];
      const [map, own] = [oracleLayout(whole), oracleLayout(adapted)];
      const [params, adapters] = [initialOracle(whole, uniformsFrom(1)), initialOracle(adapted, uniformsFrom(2))];
      const added = hostView(own, adapters, 'added.model.embed_tokens.weight');
      hostView(map, params, 'model.embed_tokens.weight').set(added, known * base.hiddenSize);
      const rows = rowsOf(whole);
      const { loss } = await gradientOf(adapted, adapters, rows);
      expect(loss).toBeCloseTo((await gradientOf(whole, params, rows)).loss, 5);
      await closeEngine();
    },
  );

  it('of an untied model are added rows of its head too', () => {
    const oracle = specOf({ trainable: 'lora', injection: injections[0]! });
    const { entries } = oracleLayout({ ...oracle, model: { ...oracle.model, tieEmbeddings: false } });
    expect(entries.filter(({ name }) => name.startsWith('added.')).map(({ name }) => name)).toEqual([
      'added.model.embed_tokens.weight',
      'added.lm_head.weight',
    ]);
  });

  it('begins as the base model where all weights are, with rows of added words as the others are spread', () => {
    const oracle = specOf({ trainable: 'full', injection: injections[1]! });
    const [map, whole] = [oracleLayout(oracle), layout(parameterShapes(base))];
    const params = initialOracle(oracle, uniformsFrom(1));
    const original = tinyParameters();
    for (const { name } of whole.entries) {
      const given = hostView(whole, original, name);
      expect(hostView(map, params, name).subarray(0, given.length)).toEqual(given);
    }
    const all = hostView(map, params, 'model.embed_tokens.weight');
    const added = all.subarray(known * base.hiddenSize);
    const spread = (values: Float32Array) => Math.hypot(...values) / Math.sqrt(values.length);
    expect(added).toHaveLength(3 * base.hiddenSize);
    expect(spread(added) / spread(all)).toBeGreaterThan(0.5);
    expect(spread(added) / spread(all)).toBeLessThan(1.5);
  });
});

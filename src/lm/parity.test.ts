/** The models of `fixtures/` against what transformers computed with the same weights (tools/golden.py), to 1e-4. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { closeEngine, compile, f32, type HostArray, i32, useDevice } from '../tensor/index.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { createDecoder } from './decode.ts';
import { flatGradient } from './flat.fixture.ts';
import { logProb } from './ops.ts';
import { layout } from './parameters.ts';
import { parameterShapes, specFromConfig } from './spec.ts';
import { embed, forward, logits, positionsOf } from './transformer.ts';
import { frozenWeights, viewWeights } from './weights.ts';

function load(name: string) {
  const folder = fileURLToPath(new URL(`./fixtures/${name}/`, import.meta.url));
  const spec = specFromConfig(JSON.parse(readFileSync(`${folder}config.json`, 'utf8')), `${folder}config.json`);
  const weightsFile = `${folder}model.safetensors`;
  const golden = openSafetensors(`${folder}golden.safetensors`);
  const floats = (key: string): HostArray => f32(golden.read(key), golden.tensors.get(key)!.shape);
  const ints = (key: string): HostArray => i32(golden.read(key), golden.tensors.get(key)!.shape);
  return { spec, weightsFile, golden, floats, ints };
}

/** Largest difference where `counts(i)` holds. */
function largest(a: HostArray, b: HostArray, counts: (i: number) => boolean = () => true): number {
  expect(a.shape).toEqual(b.shape);
  let most = 0;
  a.data.forEach((x, i) => {
    if (counts(i)) most = Math.max(most, Math.abs(x - b.data[i]!));
  });
  return most;
}

type Batch = { ids: tf.Tensor2D; mask: tf.Tensor2D };

describe.each(['llama-gqa-tied', 'llama-gqa-untied'])('%s', name => {
  const { spec, weightsFile, golden, floats, ints } = load(name);
  const [rows, time] = golden.tensors.get('input_ids')!.shape as [number, number];
  const mask = f32(golden.read('attention_mask'), [rows, time]);
  const inputs = (weights: Parameters<typeof embed>[0], batch: Batch) => ({
    embeddings: embed(weights, batch.ids),
    mask: batch.mask,
    positions: positionsOf(batch.mask),
  });

  describe.each(['onnx', 'cpu'] as const)('on %s', device => {
    beforeEach(async () => {
      await useDevice(device);
    });
    afterAll(closeEngine);

    it('has its hidden states and logits', async () => {
      const run = compile(`parity.${name}`, (batch: Batch) => {
        const weights = frozenWeights(weightsFile);
        const { hidden, hiddenStates } = forward(spec, weights, inputs(weights, batch), { hiddenStates: true });
        const scores = logits(spec, weights, tf.reshape(hidden, [rows * time, spec.hiddenSize]));
        return { states: tf.stack(hiddenStates), scores: tf.reshape(scores, [rows, time, spec.vocabSize]) };
      });
      const { states, scores } = await run({ ids: ints('input_ids'), mask });
      const real = (width: number) => (i: number) => mask.data[Math.floor(i / width) % (rows * time)] === 1;
      expect(largest(states, floats('hidden_states'), real(spec.hiddenSize))).toBeLessThan(1e-4);
      expect(largest(scores, floats('logits'), real(spec.vocabSize))).toBeLessThan(1e-4);
    });

    it('has its loss and the gradient of every parameter', async () => {
      const map = layout(parameterShapes(spec));
      const flat = new Float32Array(map.size);
      const weights = openSafetensors(weightsFile);
      for (const entry of map.entries) flat.set(weights.read(entry.name), entry.offset);
      type Labelled = Batch & { flat: tf.Tensor1D; labels: tf.Tensor2D; counted: tf.Tensor2D };
      const run = compile(`parity.gradient.${name}`, (batch: Labelled) =>
        flatGradient(map, batch.flat, views => {
          const own = viewWeights(views);
          const { hidden } = forward(spec, own, inputs(own, batch));
          const scores = logits(spec, own, tf.reshape(hidden, [rows * time, spec.hiddenSize]));
          const logProbs = logProb(scores, tf.reshape(batch.labels, [rows * time]));
          const counted = tf.reshape(batch.counted, [rows * time]);
          return { loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, counted)), tf.sum(counted))), metrics: {} };
        }),
      );
      const { loss, gradient } = await run({
        flat: f32(flat, [map.size]),
        ids: ints('input_ids'),
        mask,
        labels: ints('labels'),
        counted: floats('label_mask'),
      });
      expect(loss.data[0]).toBeCloseTo(golden.read('loss')[0]!, 4);
      for (const { name: parameter, shape, offset } of map.entries) {
        const expected = floats(`grad.${parameter}`);
        const found = f32(gradient.data.slice(offset, offset + expected.data.length) as Float32Array, shape);
        expect(largest(found, expected), parameter).toBeLessThan(1e-4);
      }
    });

    it('writes its greedy continuations', async () => {
      const stop = golden.read('generate.stop_id')[0]!;
      const decoder = createDecoder<Batch>({
        name: `parity.write.${name}`,
        spec,
        weights: () => frozenWeights(weightsFile),
        prompt: inputs,
        stop: [stop],
        padId: 0,
      });
      const expected = ints('generate.new_ids');
      const out = await decoder.generate({
        inputs: { ids: ints('generate.input_ids'), mask: floats('generate.attention_mask') },
        maxNewTokens: expected.shape[1]!,
      });
      expect(out.tokens).toEqual(expected.data);
    });
  });
});

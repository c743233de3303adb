/** Writing texts with the larger model, frozen and prepacked as in `recodi lm generate`: a prompt of three tokens, then sampled ones; none ends early. */
import { createDecoder } from '../../src/lm/decode.ts';
import { count } from '../../src/lm/parameters.ts';
import { parameterShapes } from '../../src/lm/spec.ts';
import { embed, positionsOf } from '../../src/lm/transformer.ts';
import { frozenWeights } from '../../src/lm/weights.ts';
import { stream, uniforms } from '../../src/run/random.ts';
import type { Device } from '../../src/tensor/devices.ts';
import { closeEngine, engineStats, i32, tf, useDevice } from '../../src/tensor/index.ts';
import { forwardFlops, writing } from '../flops.ts';
import { largeModel } from '../large.ts';
import { peer } from '../model.ts';
import { PROMPT, type Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';
import { texts } from './decode.ts';

export function largeDecodeVariants(size: Size): Variant[] {
  return [false, true].flatMap(int8 =>
    size.large.batches.map(batch => ({
      label: `decode, 135M${int8 ? ' in int8' : ''}, ${texts(batch)} of ${size.tokens} tokens`,
      threads: 1,
      makes: { tokens: batch * size.tokens },
      burst: 1,
      peer: peer('decode', size.large, { batch, prompt: PROMPT, new: size.tokens, threads: 1 }),
      create: device => create(size, { batch, int8 }, device),
    })),
  );
}

const STOP = 1;

async function create(size: Size, { batch, int8 }: { batch: number; int8: boolean }, device: Device): Promise<Subject> {
  await useDevice(device);
  const { spec, file, remove } = largeModel(size);
  const decoder = createDecoder<tf.Tensor2D>({
    name: 'bench.decode',
    spec,
    weights: () => frozenWeights(file),
    prompt(weights, ids) {
      const mask = tf.onesLike(ids).cast('float32') as tf.Tensor2D;
      return { embeddings: embed(weights, ids), mask, positions: positionsOf(mask) };
    },
    stop: [STOP],
    prepack: true,
    int8,
    banned: [STOP],
  });
  const draws = stream(0, 'bench.decode');
  const ids = Int32Array.from({ length: batch * PROMPT }, (_, i) => 2 + i);
  const lengths = Array.from({ length: batch }, () => size.tokens);
  const weights = parameterShapes(spec).reduce((sum, [, shape]) => sum + count(shape), 0);
  const work = {
    flops: forwardFlops(spec, writing(lengths, PROMPT, 1)),
    bytes: size.tokens * (int8 ? 1 : Float32Array.BYTES_PER_ELEMENT) * weights,
  };
  return {
    async once() {
      await decoder.generate({
        inputs: i32(ids, [batch, PROMPT]),
        uniforms: uniforms(draws, batch * size.tokens),
        maxNewTokens: size.tokens,
      });
      return work;
    },
    sessionMs: () => engineStats().captureMs + engineStats().sessionMs,
    async close() {
      await closeEngine();
      remove();
    },
  };
}

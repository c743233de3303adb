/** Writing texts as a rollout does: a prompt of three tokens, then sampled ones; no text ends early. */
import { rollOut } from '../../src/rollout/rollout.ts';
import { stream, uniforms } from '../../src/run/random.ts';
import type { Device } from '../../src/tensor/devices.ts';
import { closeEngine, engineStats, useDevice } from '../../src/tensor/index.ts';
import { createShared } from '../../src/tensor/shared.ts';
import { forwardFlops, writing } from '../flops.ts';
import { makeModel, normals, peer } from '../model.ts';
import { PROMPT, type Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';

/** `1 text`, `16 texts`. */
export const texts = (count: number) => `${count} text${count === 1 ? '' : 's'}`;

export function decodeVariants(size: Size): Variant[] {
  return size.batches.map(batch => ({
    label: `decode, ${texts(batch)} of ${size.tokens} tokens`,
    threads: 1,
    makes: { tokens: batch * size.tokens },
    burst: 7,
    peer: peer('decode', size, { batch, prompt: PROMPT, new: size.tokens, threads: 1 }),
    create: device => create(size, batch, device),
  }));
}

async function create(size: Size, batch: number, device: Device): Promise<Subject> {
  await useDevice(device);
  const model = await makeModel(size);
  const policy = { ...model.policy, banned: [...model.policy.banned, model.policy.eosId] };
  const request = {
    policy,
    tokenizer: model.folder,
    params: createShared('bench', model.policyParams),
    targets: Array.from({ length: batch }),
    z: normals('decode.z', batch * policy.targetSize),
    samples: 1,
    temperature: 1,
    maxNewTokens: size.tokens,
  };
  const draws = stream(0, 'bench.decode');
  const lengths = Array.from({ length: batch }, () => size.tokens);
  const flops = forwardFlops(policy.model, writing(lengths, PROMPT, 1));
  return {
    async once() {
      await rollOut({ ...request, uniforms: uniforms(draws, batch * size.tokens) });
      return { flops };
    },
    sessionMs: () => engineStats().captureMs + engineStats().sessionMs,
    async close() {
      await closeEngine();
      model.remove();
    },
  };
}

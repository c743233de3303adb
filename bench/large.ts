/**
 * A model of SmolLM2-135M's shape with random weights, frozen: they lie in a temporary file that the processes of a run share.
 * It is written piece by piece, so that writing it leaves no mark on the peak memory of the process that does.
 */
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PolicySpec, policyLayout } from '../policies/languageModel.ts';
import { count, initialise } from '../src/lm/parameters.ts';
import { type ModelSpec, parameterShapes } from '../src/lm/spec.ts';
import { trainConfigSchema } from '../src/rl/config.ts';
import { stream } from '../src/run/random.ts';
import { type Model, modelSpec, normals } from './model.ts';
import type { Size } from './size.ts';

export interface Frozen {
  readonly spec: ModelSpec;
  readonly file: string;
  remove(): void;
}

export function largeModel({ large }: Size): Frozen {
  const spec = modelSpec(large);
  const file = join(tmpdir(), `recodi-bench-${process.ppid}.safetensors`);
  if (!existsSync(file)) writeRandom(file, spec);
  return { spec, file, remove: () => rmSync(file, { force: true }) };
}

/** The model with fresh adapters on all linears, as a policy. */
export async function largePolicy(size: Size): Promise<Pick<Model, 'policy' | 'policyParams' | 'remove'>> {
  const { spec, file, remove } = largeModel(size);
  const settings = { name: 'bench', lrm: '.', policy: { lora: { r: size.large.rank } } };
  const { r, alpha, target_modules: targets } = trainConfigSchema.parse(settings).policy.lora;
  const policy: PolicySpec = {
    model: spec,
    baseFile: file,
    lora: { r, alpha, targets },
    targetSize: spec.hiddenSize,
    padId: 0,
    eosId: 1,
    injectId: 2,
    separatorId: 3,
    banned: [0, 2, 3],
  };
  return {
    policy,
    policyParams: initialise(policyLayout(policy), { std: 0.02, stream: stream(0, 'bench.large') }),
    remove,
  };
}

/** Numbers before they repeat: a prime, so that no two rows of a matrix are alike. */
const NOISE = 65_537;
const ALIGNMENT = 64;

function writeRandom(file: string, spec: ModelSpec): void {
  const noise = normals('large', NOISE).map(x => 0.05 * x);
  let end = 0;
  const entries = parameterShapes(spec).map(([name, shape]) => {
    const start = end;
    end += noise.BYTES_PER_ELEMENT * count(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(text.padEnd(Math.ceil((8 + text.length) / ALIGNMENT) * ALIGNMENT - 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const descriptor = openSync(file, 'w');
  for (const part of [length, header]) writeSync(descriptor, part);
  for (let left = end; left > 0; left -= noise.byteLength)
    writeSync(descriptor, noise, 0, Math.min(left, noise.byteLength));
  closeSync(descriptor);
}

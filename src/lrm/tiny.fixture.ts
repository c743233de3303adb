/** For tests: a latent-reasoning model of random weights, small enough for the JavaScript backend. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialise } from '../lm/parameters.ts';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { loadTokenizer, writeWordTokenizer } from '../lm/tokenizer.ts';
import { createWorld } from '../worlds/index.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import { type Lrm, type LrmFile, loadLrm, lrmSpec, saveLrm } from './folder.ts';

export const world = createWorld({ kind: 'arithmetic', max_number: 60, chain: 'equations', steps: [[2, 1]] });

/** Every parameter random, vectors too, so that no term of a gradient hides. */
export function tinyParameters(spec: LrmSpec, seed = 1): Float32Array {
  const map = lrmLayout(spec);
  const uniform = uniformsFrom(seed);
  const data = initialise(map, { std: 0.3, stream: uniform });
  for (const { shape, offset, name } of map.entries) {
    if (shape.length !== 1) continue;
    for (let i = offset; i < offset + shape[0]!; i++)
      data[i] = name.endsWith('.bias') ? uniform() - 0.5 : 0.5 + uniform();
  }
  return data;
}

const recurrent: LrmFile = {
  format: 1,
  family: 'codi',
  latents: 3,
  latent_inputs: 'recurrent',
  projection_size: 10,
  bot_token: '<bot>',
  eot_token: '<eot>',
  eos_token: '<eos>',
  pad_token: '<pad>',
  answer_prefix: world.answerPrefix,
};

/** The model in a new temporary folder; it knows the words of the arithmetic world. */
export async function tinyLrm(
  parameters: (spec: LrmSpec) => Float32Array = tinyParameters,
  { latentInputs = 'recurrent' }: Partial<Pick<LrmSpec, 'latentInputs'>> = {},
): Promise<Lrm> {
  const file: LrmFile = { ...recurrent, latent_inputs: latentInputs };
  const folder = mkdtempSync(join(tmpdir(), 'recodi-tiny-'));
  writeWordTokenizer(folder, world.vocabulary!, {
    pad: '<pad>',
    eos: '<eos>',
    unknown: '<unk>',
    others: ['<bot>', '<eot>', '<inv>', '<sep>'],
  });
  const tokenizer = await loadTokenizer(folder);
  const model = {
    family: 'llama' as const,
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 12,
    intermediateSize: 10,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 6,
    ropeTheta: 100,
    normEps: 1e-5,
    tieEmbeddings: true,
    maxPositions: 128,
  };
  const spec = lrmSpec(model, tokenizer, file);
  saveLrm(folder, spec, file, parameters(spec));
  return loadLrm(folder);
}

/**
 * A latent-reasoning model and a policy with random weights, in a temporary folder: what is timed depends on shapes, not on what
 * the weights have learned. The words are those of the arithmetic world.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialPolicy, type PolicySpec } from '../policies/languageModel.ts';
import { initialise } from '../src/lm/parameters.ts';
import { loadTokenizer, writeWordTokenizer } from '../src/lm/tokenizer.ts';
import { lrmLayout } from '../src/lrm/codi.ts';
import { type Lrm, type LrmFile, loadLrm, lrmSpec, saveLrm } from '../src/lrm/folder.ts';
import { saveViews } from '../src/lrm/views.ts';
import { trainConfigSchema } from '../src/rl/config.ts';
import { policySpec } from '../src/rl/policyFiles.ts';
import { stream } from '../src/run/random.ts';
import { createWorld } from '../src/worlds/index.ts';
import type { ModelSize, Size } from './size.ts';
import type { Peer } from './variant.ts';

export const world = createWorld({ kind: 'arithmetic', max_number: 60, chain: 'equations', steps: [[3, 1]] });

const SPECIAL = { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others: ['<bot>', '<eot>', '<inv>', '<sep>'] };
const FIRST_WORD = 3 + SPECIAL.others.length;
const VOCABULARY = FIRST_WORD + world.vocabulary!.length;

export const VIEW = 'k0';

export interface Model {
  /** Holds the model, its tokenizer and the views. */
  readonly folder: string;
  readonly lrm: Lrm;
  readonly lrmParams: Float32Array;
  readonly policy: PolicySpec;
  readonly policyParams: Float32Array;
  remove(): void;
}

export async function makeModel(size: Size): Promise<Model> {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-bench-'));
  writeWordTokenizer(folder, world.vocabulary!, SPECIAL);
  const file: LrmFile = {
    format: 1,
    family: 'codi',
    latents: 4,
    latent_inputs: 'recurrent',
    projection_size: 2 * size.hidden,
    bot_token: '<bot>',
    eot_token: '<eot>',
    eos_token: SPECIAL.eos,
    pad_token: SPECIAL.pad,
    answer_prefix: world.answerPrefix,
  };
  const spec = lrmSpec(modelSpec(size), await loadTokenizer(folder), file);
  const lrmParams = initialise(lrmLayout(spec), { std: 0.05, stream: stream(0, 'bench.lrm') });
  saveLrm(folder, spec, file, lrmParams);
  writeViews(folder, size.hidden);
  const lrm = await loadLrm(folder);
  const policy = policySpec(lrm, trainConfigSchema.parse({ name: 'bench', lrm: folder }).policy);
  const policyParams = initialPolicy(policy, stream(0, 'bench.policy'));
  return {
    folder,
    lrm,
    lrmParams,
    policy,
    policyParams,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function modelSpec({ hidden, intermediate, layers, heads, kvHeads = heads, vocab = VOCABULARY }: ModelSize) {
  return {
    family: 'llama' as const,
    vocabSize: vocab,
    hiddenSize: hidden,
    intermediateSize: intermediate,
    layers,
    heads,
    kvHeads,
    headDim: hidden / heads,
    ropeTheta: 10_000,
    normEps: 1e-5,
    tieEmbeddings: true,
    maxPositions: 256,
  };
}

/** One raw view, whitened by a random matrix. */
function writeViews(folder: string, d: number): void {
  const text = { mean: new Float32Array(d), deviation: new Float32Array(d).fill(1) };
  const frame = { centre: normals('centre', d), whitening: normals('whitening', d * d) };
  saveViews(folder, {
    text,
    views: [{ id: VIEW, steps: [0], space: 'raw', frame, variance: d, fve: 0 }],
    controls: [],
  });
}

/** Numbers that are centred and about 1 in size. */
export function normals(purpose: string, count: number): Float32Array {
  const rng = stream(0, `bench.${purpose}`);
  return Float32Array.from({ length: count }, () => rng() + rng() + rng() + rng() - 2);
}

/** Random words; `lengths` is how many. */
export function randomRows(purpose: string, lengths: readonly number[]): number[][] {
  const rng = stream(0, `bench.${purpose}`);
  const word = () => FIRST_WORD + Math.floor(rng() * (VOCABULARY - FIRST_WORD));
  return lengths.map(length => Array.from({ length }, word));
}

/** `count` lengths from `least` to `most`; the first is `most`. */
export function randomLengths(purpose: string, count: number, least: number, most: number): number[] {
  const rng = stream(0, `bench.${purpose}`);
  return Array.from({ length: count }, (_, i) => (i === 0 ? most : least + Math.floor(rng() * (most - least + 1))));
}

/** Questions as the peers make them: up to a quarter shorter than the longest. */
export function randomQuestions(purpose: string, { problems, question }: Size): number[][] {
  return randomRows(purpose, randomLengths(purpose, problems, question - Math.floor(question / 4), question));
}

/** A peer on a model of this size. */
export function peer(script: string, size: ModelSize, options: Peer['options']): Peer {
  const { hidden, intermediate, layers, heads, kvHeads = heads, vocab = VOCABULARY } = size;
  return { script, options: { hidden, intermediate, layers, heads, kv_heads: kvHeads, vocab, ...options } };
}

/** A llama small enough for the JavaScript backend, with random weights, for tests. */
import type { Uniform } from './parameters.ts';
import { initialise, layout } from './parameters.ts';
import { type ModelSpec, parameterShapes } from './spec.ts';

export const tinySpec: ModelSpec = {
  family: 'llama',
  vocabSize: 17,
  hiddenSize: 12,
  intermediateSize: 10,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 4,
  ropeTheta: 100,
  normEps: 1e-5,
  tieEmbeddings: true,
  maxPositions: 64,
};

/** A seeded stream of uniforms (mulberry32), good enough for test data. */
export function uniformsFrom(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The model's flat parameters; gains and matrices are all random, so that no term of a gradient hides. */
export function tinyParameters(spec: ModelSpec = tinySpec, seed = 1): Float32Array {
  const stream = uniformsFrom(seed);
  const map = layout(parameterShapes(spec));
  const data = initialise(map, { std: 0.4, stream });
  for (const entry of map.entries) {
    if (entry.shape.length !== 1) continue;
    for (let i = 0; i < entry.shape[0]!; i++) data[entry.offset + i] = 0.5 + stream();
  }
  return data;
}

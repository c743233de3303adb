import { describe, expect, it } from 'vitest';
import { inverseFrequencies } from './families/llama.ts';
import { configFromSpec, type ModelSpec, parameterShapes, specFromConfig } from './spec.ts';
import { tinySpec } from './tiny.fixture.ts';

describe('specFromConfig', () => {
  it('reads back what configFromSpec writes, with every kind of rotary scaling', () => {
    const scalings: ModelSpec[] = [
      tinySpec,
      { ...tinySpec, tieEmbeddings: false, ropeScaling: { type: 'linear', factor: 2 } },
      {
        ...tinySpec,
        ropeScaling: { type: 'llama3', factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 },
      },
    ];
    for (const spec of scalings) {
      expect(specFromConfig(JSON.parse(JSON.stringify(configFromSpec(spec))), 'x')).toEqual(spec);
    }
  });

  it('reads rope_parameters as newer configs write them, and fills in what older ones leave out', () => {
    const { rope_theta: _, rope_scaling: __, head_dim: ___, ...rest } = configFromSpec(tinySpec);
    const newer = {
      ...rest,
      hidden_size: 16,
      head_dim: null,
      rope_parameters: { rope_type: 'default', rope_theta: 5000 },
    };
    expect(specFromConfig(newer, 'x').ropeTheta).toBe(5000);
    expect(specFromConfig({ ...rest, head_dim: 4, num_key_value_heads: undefined }, 'x').kvHeads).toBe(4);
  });

  const good = configFromSpec(tinySpec);
  it.each([
    ['a list', [], /config\.json: expected a JSON object/],
    ['another family', { ...good, model_type: 'gpt_neox' }, /"gpt_neox"; this program computes "llama"/],
    ['biases', { ...good, attention_bias: true }, /attention_bias is true/],
    ['another activation', { ...good, hidden_act: 'relu' }, /"relu"/],
    ['a missing size', { ...good, hidden_size: undefined }, /positive number at "hidden_size", found undefined/],
    ['a fraction', { ...good, num_hidden_layers: 1.5 }, /whole number at "num_hidden_layers"/],
    ['heads that do not divide', { ...good, num_key_value_heads: 3 }, /4 attention heads do not divide into 3/],
    ['layers without end', { ...good, num_hidden_layers: 1e15 }, /at most 1024 at "num_hidden_layers"/],
    ['a vocabulary without end', { ...good, vocab_size: 2 ** 40 }, /at most 16777216 at "vocab_size"/],
    ['frequencies that are not finite', { ...good, rope_theta: 1e-300 }, /at least 1 at "rope_theta"/],
    ['a text as a flag', { ...good, tie_word_embeddings: 'no' }, /true or false at "tie_word_embeddings"/],
    ['an odd head', { ...good, head_dim: 3 }, /head_dim 3 is odd/],
    ['unknown scaling', { ...good, rope_scaling: { rope_type: 'yarn', factor: 2 } }, /"yarn"/],
  ])('refuses %s', (_, config, message) => {
    expect(() => specFromConfig(config, 'config.json')).toThrow(message);
  });
});

describe('parameterShapes', () => {
  it('has a head of its own only where it is not tied', () => {
    const names = (tieEmbeddings: boolean) => parameterShapes({ ...tinySpec, tieEmbeddings }).map(([name]) => name);
    expect(names(true)).toHaveLength(2 + 9 * tinySpec.layers);
    expect(names(false).filter(name => !names(true).includes(name))).toEqual(['lm_head.weight']);
  });
});

describe('inverseFrequencies', () => {
  it('falls from 1 by powers of theta, and llama3 scaling slows long wavelengths only', () => {
    const spec = { ...tinySpec, headDim: 64, ropeTheta: 500_000 };
    const plain = inverseFrequencies(spec);
    const scaled = inverseFrequencies({
      ...spec,
      ropeScaling: { type: 'llama3', factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 },
    });
    expect(plain[0]).toBe(1);
    expect(plain[16]).toBeCloseTo(500_000 ** -0.5, 6);
    expect(scaled[0]).toBe(plain[0]);
    expect(scaled[31]! * 32).toBeCloseTo(plain[31]!, 9);
    const middle = plain.findIndex((f, i) => scaled[i]! < f && scaled[i]! > f / 31);
    const turns = (8192 * plain[middle]!) / (2 * Math.PI);
    const smooth = (turns - 1) / 3;
    expect(scaled[middle]).toBeCloseTo(plain[middle]! * (smooth + (1 - smooth) / 32), 7);
  });
});

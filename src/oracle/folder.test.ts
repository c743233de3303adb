import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../lm/tokenizer.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { RecodiError } from '../run/errors.ts';
import { OF, oracleConfig, savedOracle, statistics } from './folder.fixture.ts';
import { loadOracle, makeOracle } from './folder.ts';

let model: string;
beforeAll(async () => {
  model = (await tinyLrm()).folder;
});
const fresh = () => join(mkdtempSync(join(tmpdir(), 'recodi-oracle-')), 'oracle');

async function refused(making: Promise<unknown>, code: string, message: RegExp) {
  await expect(making).rejects.toBeInstanceOf(RecodiError);
  await expect(making).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
}

describe('an oracle on disk', () => {
  it.each(['full', 'lora'])('comes back as it was, %s', async trainable => {
    const folder = fresh();
    const { oracle, params } = await savedOracle(folder, model, { trainable, lora: { r: 2 } });
    expect(loadOracle(folder, oracle)).toEqual({ params, statistics, step: 7 });
    const again = await makeOracle(folder, oracleConfig({ trainable, lora: { r: 2 } }), { model, ...OF });
    expect(again.spec).toEqual(oracle.spec);
  });

  it('knows the words of its model under their ids, and those of questions behind them', async () => {
    const { spec, tokenizer } = await makeOracle(fresh(), oracleConfig(), { model, ...OF });
    const own = await loadTokenizer(model);
    expect(tokenizer.vocabSize).toBeGreaterThan(own.vocabSize);
    expect([spec.baseVocabSize, spec.model.vocabSize]).toEqual([own.vocabSize, tokenizer.vocabSize]);
    for (let id = 0; id < own.vocabSize; id++) expect(tokenizer.token(id)).toBe(own.token(id));
    const unknown = own.id('<unk>');
    expect(tokenizer.encode("Layer: 2 ? Which step is this ? I can't tell")).not.toContain(unknown);
  });

  it('that was killed while its tokenizer was written gets it anew', async () => {
    const folder = fresh();
    const whole = await makeOracle(folder, oracleConfig(), { model, ...OF });
    rmSync(join(folder, 'tokenizer.json'));
    writeFileSync(join(folder, 'tokenizer_config.json'), '{}');
    const again = await makeOracle(folder, oracleConfig(), { model, ...OF });
    expect(again.spec).toEqual(whole.spec);
    expect(again.tokenizer.eosId).toBe(whole.tokenizer.eosId);
  });
});

describe('an oracle that cannot be', () => {
  it('is refused where vectors of another size are added to its residual stream', async () => {
    const config = oracleConfig({ injection: { kind: 'residual', block: 0 } });
    const message =
      /recodi-tiny-.*: its residual stream has 12 dimensions, and the vectors of \/runs\/thinking have 20; set injection\.kind to embedding/;
    await refused(makeOracle(fresh(), config, { model, ...OF, targetSize: 20 }), 'input', message);
    const { spec } = await makeOracle(fresh(), oracleConfig(), { model, ...OF, targetSize: 20 });
    expect(spec.targetSize).toBe(20);
  });

  it('is refused where nothing comes behind the block of its injection', async () => {
    const config = oracleConfig({ injection: { kind: 'residual', block: 1 } });
    const message = /injection\.block: 1 is not before the last of the model's 2 blocks.*choose from 0 … 0/;
    await refused(makeOracle(fresh(), config, { model, ...OF }), 'config', message);
  });

  it('is refused where no token ends a text', async () => {
    const endless = (await tinyLrm()).folder;
    for (const name of ['config.json', 'tokenizer_config.json', 'generation_config.json']) {
      const path = join(endless, name);
      try {
        const { eos_token: _, eos_token_id: __, ...json } = JSON.parse(readFileSync(path, 'utf8'));
        writeFileSync(path, JSON.stringify(json));
      } catch {
        // Not every model has all of them.
      }
    }
    const message = /no token ends a text \(eos_token_id\); name another model/;
    await refused(makeOracle(fresh(), oracleConfig(), { model: endless, ...OF }), 'input', message);
  });
});

describe('an oracle that is not this one', () => {
  const loading = async (changes: object, of: object, spoil: (folder: string) => void = () => {}) => {
    const folder = fresh();
    await savedOracle(folder, model, changes);
    spoil(folder);
    return loadOracle(folder, await makeOracle(folder, oracleConfig(of), { model, ...OF }));
  };

  it('is refused, with the file and what to do', async () => {
    const lora = { trainable: 'lora', lora: { r: 2 } };
    const differs =
      /oracle\.safetensors: .*lora_A\.weight has shape \[2,12\], the oracle needs \[3,12\].*another oracle's/;
    await refused(loading(lora, { ...lora, lora: { r: 3 } }), 'input', differs);
    await refused(loading({}, lora), 'input', /oracle\.safetensors: .*lora_A\.weight is missing/);
    const narrow = (folder: string) => {
      const path = join(folder, 'oracle.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"target_size": 12', '"target_size": 11'));
    };
    const size = /oracle\.json: .*vectors of 11 dimensions, and those of the run have 12; ask it about the run that/;
    await refused(loading({}, {}, narrow), 'input', size);
    const early = (folder: string) => rmSync(join(folder, 'oracle.json'));
    await refused(loading({}, {}, early), 'input', /oracle\.json: no trained oracle yet; .*`recodi resume`/);
  });
});

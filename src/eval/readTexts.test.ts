import { afterAll, expect, it } from 'vitest';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { embeddedBench } from './embedded.fixture.ts';
import { readTexts } from './readTexts.ts';

afterAll(closeEngine);

it('texts that are read without the question are read once each, and leave what they leave when read again', async () => {
  await useDevice('onnx');
  const bench = await embeddedBench();
  const { client } = bench;
  const { encode } = client.lrm.tokenizer;
  const seen: string[] = [];
  const counting = {
    ...bench,
    client: {
      ...client,
      read(request: Parameters<typeof client.read>[0]) {
        seen.push(...request.texts.flat().map(text => client.lrm.tokenizer.decode(text)));
        return client.read(request);
      },
    },
  };
  const questions = bench.sets
    .get('test')!
    .problems.slice(0, 2)
    .map(({ question }) => encode(question));
  const texts = [
    ['<< 3 + 4 =', '<< 3 + 4 = 7'],
    ['<< 3 + 4 = 7', ''],
  ];
  const first = await readTexts(counting, questions, texts);
  expect(seen.sort()).toEqual(['', '<< 3 + 4 =', '<< 3 + 4 = 7']);
  expect([...(await readTexts(counting, questions, texts))]).toEqual([...first]);
  expect(seen).toHaveLength(3);
  const whole = await client.read({ context: 'none', questions, texts: texts.map(group => group.map(encode)) });
  first.forEach((x, i) => {
    expect(x).toBeCloseTo(whole[i]!, 4);
  });

  const inQuestion = {
    ...counting,
    config: { ...bench.config, targets: { ...bench.config.targets, context: 'question' as const } },
  };
  await readTexts(inQuestion, questions, texts);
  await readTexts(inQuestion, questions, texts);
  expect(seen).toHaveLength(3 + 8);
}, 60_000);

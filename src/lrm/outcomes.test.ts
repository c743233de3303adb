import { afterAll, beforeAll, expect, it } from 'vitest';
import { embed } from '../lm/transformer.ts';
import { frozenWeights } from '../lm/weights.ts';
import { stream } from '../run/random.ts';
import { closeEngine, compile, tf, useDevice } from '../tensor/index.ts';
import { padTokens } from './batches.ts';
import { answerLogits, readQuestion, type Tokens, think } from './codi.ts';
import type { Lrm } from './folder.ts';
import { ALTERATIONS, outcomesChunk } from './outcomes.ts';
import { thinkChunk } from './tasks.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

let lrm: Lrm;
beforeAll(async () => {
  await useDevice('onnx');
  lrm = await tinyLrm();
});
afterAll(closeEngine);

const rng = stream(3, 'outcomes');
const questions = (n: number) =>
  Array.from({ length: n }, () => lrm.tokenizer.encode(world.generator('train', rng).question));

it('of a step replaced by that of the same problem is the answer itself, and so is that after all steps', async () => {
  const same = Array<number[]>(3).fill(questions(1)[0]!);
  const { early, altered } = await outcomesChunk({ folder: lrm.folder, questions: same, shifts: [1, 2] });
  const { answers } = await thinkChunk({ folder: lrm.folder, questions: same });
  const states = lrm.spec.latents + 1;
  for (let b = 0; b < same.length; b++) {
    expect(early[b * states + states - 1]).toBe(answers[b]);
    for (let k = 0; k < states; k++) {
      expect(altered.swap[b * states + k]).toBe(answers[b]);
      expect(altered.noise[b * states + k]).toBe(answers[b]);
    }
  }
});

it('depends on the problems alone, not on how many are altered at once', async () => {
  const asked = questions(18);
  const { altered } = await outcomesChunk({ folder: lrm.folder, questions: asked, shifts: [1, 5] });
  const turned = [...asked.slice(17), ...asked.slice(0, 17)];
  const again = await outcomesChunk({ folder: lrm.folder, questions: turned, shifts: [1, 5] });
  const states = lrm.spec.latents + 1;
  for (const kind of ALTERATIONS) {
    expect([...again.altered[kind].subarray(0, states)]).toEqual([...altered[kind].subarray(17 * states)]);
  }
});

it('without a step is what the model answers when the next one takes in what it took, and nobody sees it', async () => {
  const asked = questions(4);
  const { spec } = lrm;
  const states = spec.latents + 1;
  const { altered } = await outcomesChunk({ folder: lrm.folder, questions: asked, shifts: [1, 2] });
  for (let k = 0; k < states; k++) {
    const graph = compile(`without.${k}`, ({ question: tokens }: { question: Tokens }) => {
      const w = frozenWeights(lrm.weightsFile);
      const question = readQuestion(spec, w, tokens);
      const clean = think(spec, w, question);
      const bot = tf.reshape(embed(w, tf.fill([4, 1], spec.botId, 'int32')), [4, -1]) as tf.Tensor2D;
      const taken = clean.inputs.map((input, j) => (j === k ? [bot, ...clean.inputs][k]! : input));
      const mask = tf.tile(tf.tensor2d([clean.inputs.map((_, j) => Number(j === k))]), [4, 1]) as tf.Tensor2D;
      const intervention = { mask, embeddings: tf.stack(taken, 1) as tf.Tensor3D };
      const thought = think(spec, w, question, { intervention });
      const seen = tf.tile(tf.tensor2d([clean.states.map((_, j) => Number(j !== k))]), [4, 1]) as tf.Tensor2D;
      const segment = { ...thought.segment, mask: seen };
      return { answer: tf.argMax(answerLogits(spec, w, question, { ...thought, segment }), -1) };
    });
    const { answer } = await graph({ question: padTokens(asked, spec.padId, 'left') });
    expect([0, 1, 2, 3].map(b => altered.skip[b * states + k])).toEqual([...answer.data]);
  }
  // The last step is nobody's input: leaving it out is hiding it.
  for (let b = 0; b < 4; b++) expect(altered.skip[b * states + states - 1]).toBe(altered.zero[b * states + states - 1]);
});

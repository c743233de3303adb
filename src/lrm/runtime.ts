/**
 * A frozen latent-reasoning model ready to compute in this thread: its compiled graphs, made when first used.
 *
 * `think` runs the latent roll-out (with interventions), `read` leaves the model in the state after a text in context,
 * `answerAfter` asks for the answer after an explicit text, `write` continues greedily as explicit chain of thought.
 */
import { createDecoder } from '../lm/decode.ts';
import { repeatRows } from '../lm/ops.ts';
import type { Packing } from '../lm/packing.ts';
import { embed, logits, statesOf } from '../lm/transformer.ts';
import { frozenWeights } from '../lm/weights.ts';
import { compile, tf } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { after, answerLogits, type Intervention, positions, readQuestion, type Tokens, think } from './codi.ts';
import { type Lrm, loadLrm } from './folder.ts';

/** How many logit-lens tokens are kept per state. */
export const LENS_TOP = 5;

export interface ReadInput {
  readonly question: Tokens;
  /** Texts in consecutive groups per question: [B,T] with B a multiple of the questions. */
  readonly text: Tokens;
  /** Of the texts. */
  readonly packing: Packing;
  /** int32 [m]: the texts' tokens, by their numbers in the packing, whose states are wanted. */
  readonly wanted: tf.Tensor1D;
  /** int32 [B·A]: where each state is taken from, the ends of the questions first and then those wanted. */
  readonly picks: tf.Tensor1D;
}

export type LrmRuntime = Awaited<ReturnType<typeof build>>;

/** The runtime of the model in a folder; one per thread. */
export const lrmRuntime = oncePer(async (folder: string) => build(await loadLrm(folder)));

async function build(lrm: Lrm) {
  const { spec } = lrm;
  const weights = () => frozenWeights(lrm.weightsFile);

  /** States 0…n [B,n+1,d], the inputs of steps 1…n [B,n,d], the answer's first token [B], its top lens tokens [B,n+1,k]. */
  const thinker = (steps: number) =>
    compile(`lrm.think.${steps}`, (input: { question: Tokens; intervention?: Intervention }) => {
      const w = weights();
      const question = readQuestion(spec, w, input.question);
      const thought = think(spec, w, question, {
        steps,
        ...(input.intervention && { intervention: input.intervention }),
      });
      const states = tf.stack(thought.states, 1) as tf.Tensor3D;
      const [rows, count, width] = states.shape;
      const lens = logits(spec.model, w, tf.reshape(states, [rows * count, width]) as tf.Tensor2D);
      return {
        states,
        inputs: thought.inputs.length ? tf.stack(thought.inputs, 1) : tf.zeros([rows, 1, width]),
        answer: tf.argMax(answerLogits(spec, w, question, thought), -1),
        lens: tf.reshape(tf.topk(lens, LENS_TOP).indices, [rows, count, LENS_TOP]),
      };
    });
  const thinkers = new Map<number, ReturnType<typeof thinker>>();

  return {
    lrm,
    think(steps = spec.latents) {
      let graph = thinkers.get(steps);
      if (!graph) {
        graph = thinker(steps);
        thinkers.set(steps, graph);
      }
      return graph;
    },

    /** The answer's first token when the readout sees, at latent position k (0 = `<bot>`), another row's keys and values, or none. */
    answerWithSwappedKeys: compile(
      'lrm.swap_keys',
      (input: { question: Tokens; donor: tf.Tensor1D; swap: tf.Tensor2D; hide: tf.Tensor2D }) => {
        const w = weights();
        const question = readQuestion(spec, w, input.question);
        const thought = think(spec, w, question);
        const [rows, positionCount] = input.swap.shape;
        const take = tf.reshape(input.swap, [rows, 1, positionCount, 1]);
        const mix = (own: tf.Tensor4D) =>
          tf.add(tf.mul(own, tf.sub(1, take)), tf.mul(tf.gather(own, input.donor), take)) as tf.Tensor4D;
        const { segment } = thought;
        const swapped = {
          k: segment.k.map(mix),
          v: segment.v.map(mix),
          mask: tf.mul(segment.mask, tf.sub(1, input.hide)) as tf.Tensor2D,
        };
        return { answer: tf.argMax(answerLogits(spec, w, question, { ...thought, segment: swapped }), -1) };
      },
    ),

    /** States [B·A,d] (final_norm) of text tokens in the context of the questions, and of the questions' ends. */
    read: compile('lrm.read', (input: ReadInput) => {
      const w = weights();
      const question = readQuestion(spec, w, input.question);
      const [rows] = input.text.ids.shape;
      const share = rows / question.last.shape[0];
      const offset = repeatRows(question.length, share);
      const text = after(w, [question.segment], offset, input.text);
      const { states } = statesOf(spec.model, w, text, input);
      return { states: tf.gather(tf.concat([question.last, states], 0), input.picks) };
    }),

    /** The answer's first token [B] after explicit tokens that end in the answer prefix (left-padded). */
    answerAfter: compile('lrm.answer_after', (input: { tokens: Tokens }) => {
      const w = weights();
      const { last } = readQuestion(spec, w, input.tokens);
      return { answer: tf.argMax(logits(spec.model, w, last), -1) };
    }),

    /** Greedy continuation of left-padded tokens until one of `stop`. */
    writer(stop: readonly number[]) {
      return createDecoder({
        name: 'lrm.write',
        spec: spec.model,
        weights,
        prompt: (w, { tokens }: { tokens: Tokens }) => ({
          embeddings: embed(w, tokens.ids),
          mask: tokens.mask,
          positions: positions(tokens.mask),
        }),
        stop: [...stop],
        padId: spec.padId,
      });
    },
  };
}

/**
 * A frozen latent-reasoning model ready to compute in this thread: its compiled graphs, made when first used.
 *
 * `think` runs the latent roll-out, `intervene` does so with interventions (interventions.ts), `read` leaves the model in the state after a text in context,
 * `answerAfter` asks for the answer after an explicit text, `write` continues greedily as explicit chain of thought.
 */
import { createDecoder } from '../lm/decode.ts';
import { repeatRows } from '../lm/ops.ts';
import type { Packing } from '../lm/packing.ts';
import { embed, logits, moveSegment, statesOf } from '../lm/transformer.ts';
import { frozenWeights } from '../lm/weights.ts';
import { compile, tf } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import { after, answerLogits, positions, readQuestion, type Tokens, think } from './codi.ts';
import { type Lrm, loadLrm } from './folder.ts';

/** How many logit-lens tokens are kept per state, where no other number is asked for. */
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

export interface InterveneInput {
  /** [B,T] */
  readonly question: Tokens;
  /** What is put in place in each of V variants of the first W questions, as weights of all questions: [W,V,B]. */
  readonly mixture: tf.Tensor3D;
  /** 1 where the input of step k + 1 is replaced: [W·V,N]. */
  readonly input: tf.Tensor2D;
  /** 1 where the keys and values of state k are replaced at the readout, and 1 where they are hidden from it: [W·V,N+1]. */
  readonly readout: tf.Tensor2D;
  readonly hidden: tf.Tensor2D;
  /** 1 where step k + 1 takes in again what step k did (`<bot>` for k = 0): [W·V,N]. Absent: nowhere. */
  readonly again?: tf.Tensor2D;
}

export type LrmRuntime = Awaited<ReturnType<typeof build>>;

/** The runtime of the model in a folder; one per thread. */
export const lrmRuntime = oncePer(async (folder: string) => build(await loadLrm(folder)));

async function build(lrm: Lrm) {
  const { spec } = lrm;
  const weights = () => frozenWeights(lrm.weightsFile);

  /** States 0…n [B,n+1,d], the answer's first token [B], its top lens tokens [B,n+1,k]. */
  const thinker = (steps: number, top: number) =>
    compile(`lrm.think.${steps}.${top}`, (input: { question: Tokens }) => {
      const w = weights();
      const question = readQuestion(spec, w, input.question);
      const thought = think(spec, w, question, { steps });
      const states = tf.stack(thought.states, 1) as tf.Tensor3D;
      const [rows, count, width] = states.shape;
      const lens = logits(spec.model, w, tf.reshape(states, [rows * count, width]) as tf.Tensor2D);
      return {
        states,
        answer: tf.argMax(answerLogits(spec, w, question, thought), -1),
        lens: tf.reshape(tf.topk(lens, top).indices, [rows, count, top]),
      };
    });
  const thinkers = new Map<string, ReturnType<typeof thinker>>();

  return {
    lrm,
    think(steps = spec.latents, top = LENS_TOP) {
      const key = `${steps} ${top}`;
      let graph = thinkers.get(key);
      if (!graph) {
        graph = thinker(steps, top);
        thinkers.set(key, graph);
      }
      return graph;
    },

    /** The answers' first tokens of the first W questions: [W] untouched, and [W·V] under interventions. */
    intervene: compile('lrm.intervene', (input: InterveneInput) => {
      const w = weights();
      const question = readQuestion(spec, w, input.question);
      const clean = think(spec, w, question);
      const [subjects, variants, all] = input.mixture.shape;
      const rows = subjects * variants;
      const mixture: tf.Tensor2D = tf.reshape(input.mixture, [rows, all]);
      const mixed = <T extends tf.Tensor>(x: T): T =>
        tf.reshape(tf.matMul(mixture, tf.reshape(x, [all, -1])), [rows, ...x.shape.slice(1)]) as T;
      const first = <T extends tf.Tensor>(x: T): T => tf.slice(x, 0, subjects);
      const blend = <T extends tf.Tensor>(x: T, other: T, share: tf.Tensor) =>
        tf.add(tf.mul(x, tf.sub(1, share)), tf.mul(other, share)) as T;

      const repeated = (x: tf.Tensor2D) => repeatRows(first(x), variants);
      const { segment: whole } = question;
      const asked = {
        segment: { k: whole.k.map(first), v: whole.v.map(first), mask: first(whole.mask) },
        last: repeated(question.last),
        length: repeated(question.length),
      };
      const inputs = tf.stack(clean.inputs, 1) as tf.Tensor3D;
      let embeddings: tf.Tensor3D = mixed(inputs);
      if (input.again) {
        const bot = embed(w, tf.fill([subjects, 1], spec.botId, 'int32'));
        const before = tf.concat([bot, tf.slice(inputs, [0, 0, 0], [subjects, spec.latents - 1, -1])], 1);
        const own: tf.Tensor3D = tf.reshape(repeatRows(tf.reshape(before, [subjects, -1]), variants), embeddings.shape);
        embeddings = blend(embeddings, own, tf.expandDims(input.again, 2));
      }
      const intervention = { mask: input.input, embeddings };
      const thought = think(spec, w, asked, { intervention });

      // Questions differ in length: what is mixed are keys at the positions of a question of none.
      const flat = (length: tf.Tensor2D) => tf.reshape(length, [-1]) as tf.Tensor1D;
      const { k, v } = moveSegment(spec.model, clean.segment, tf.neg(flat(question.length)));
      const others = moveSegment(
        spec.model,
        { k: k.map(mixed), v: v.map(mixed), mask: thought.segment.mask },
        flat(asked.length),
      );
      const taken = tf.reshape(input.readout, [rows, 1, -1, 1]);
      const segment = {
        k: thought.segment.k.map((keys, layer) => blend(keys, others.k[layer]!, taken)),
        v: thought.segment.v.map((values, layer) => blend(values, others.v[layer]!, taken)),
        mask: tf.sub(1, input.hidden) as tf.Tensor2D,
      };
      const answer = (logit: tf.Tensor2D) => tf.argMax(logit, -1);
      return {
        clean: first(answer(answerLogits(spec, w, question, clean))),
        answer: answer(answerLogits(spec, w, asked, { ...thought, segment })),
      };
    }),

    /** Outputs of blocks at `<bot>` and the latent steps: [B,N+1,blocks,d]. */
    points: oncePer((blocks: readonly number[]) =>
      compile(`lrm.points.${blocks.join('.')}`, (input: { question: Tokens }) => {
        const w = weights();
        const { outputs } = think(spec, w, readQuestion(spec, w, input.question), { outputs: true });
        return {
          states: tf.stack(
            outputs.map(of =>
              tf.stack(
                blocks.map(block => of[block]!),
                1,
              ),
            ),
            1,
          ),
        };
      }),
    ),

    /** The head's likeliest tokens of states [n,d]: ids [n,top], and the entropy of all in nats [n]. */
    lens: oncePer((top: number) =>
      compile(`lrm.lens.${top}`, (input: { states: tf.Tensor2D }) => {
        const scores = logits(spec.model, weights(), input.states);
        const logProb = tf.logSoftmax(scores);
        return {
          tokens: tf.topk(scores, top).indices,
          entropy: tf.neg(tf.sum(tf.mul(tf.exp(logProb), logProb), -1)),
        };
      }),
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

/**
 * CODI's training loss (arXiv 2502.21074): one set of weights is teacher (question, explicit chain, answer) and student
 * (question, latent steps, answer); `loss = CE(teacher) + CE(student) + γ · distill`.
 *
 * `distill` is the mean over all hidden states (embeddings included) of smooth-L1 between the student's state at the token
 * right before the answer and the teacher's (gradient stopped), each divided by the teacher state's standard deviation
 * over the micro-batch. Every term is divided by the counts of the whole batch, so that micro-batch losses and gradients sum.
 */
import { logProbAndEntropy } from '../lm/ops.ts';
import { forward, logits } from '../lm/transformer.ts';
import type { Weights } from '../lm/weights.ts';
import { tf } from '../tensor/index.ts';
import { after, type LrmSpec, readQuestion, type Tokens, takeRows, think } from './codi.ts';

/** One micro-batch. Questions are left-padded; teacher and student tokens right-padded. Counts are those of the whole batch. */
export interface CodiBatch {
  readonly question: Tokens;
  /** Explicit chain, answer prefix, answer, `<eos>`: [B,Tr]. */
  readonly teacher: Tokens;
  /** Index in `teacher` of the last token before the answer: [B] int32. */
  readonly beforeAnswer: tf.Tensor1D;
  /** `<eot>`, answer prefix, answer, `<eos>`: [B,Ts]. */
  readonly student: Tokens;
  /** 1 on the student's answer tokens: [B,Ts]. */
  readonly answerMask: tf.Tensor2D;
  readonly rows: tf.Scalar;
  readonly teacherTokens: tf.Scalar;
  readonly studentTokens: tf.Scalar;
  readonly answerTokens: tf.Scalar;
  /** γ. */
  readonly distillWeight: tf.Scalar;
}

export interface CodiLossOptions {
  /** Train the latent path (stage B on); stage A is explicit chain of thought alone. */
  readonly student: boolean;
  /** Share of the student's cross entropy that is put on the answer tokens alone. */
  readonly answerWeight: number;
}

export interface CodiLoss {
  readonly loss: tf.Scalar;
  readonly metrics: Record<string, tf.Scalar>;
}

/** Scalars of the micro-batch: they sum to the batch's means. */
export function codiLoss(spec: LrmSpec, weights: Weights, batch: CodiBatch, options: CodiLossOptions): CodiLoss {
  const question = readQuestion(spec, weights, batch.question);
  const teacher = forward(spec.model, weights, after(weights, [question.segment], question.length, batch.teacher), {
    hiddenStates: true,
  });
  const teacherStates = tf.concat([tf.expandDims(question.last, 1), dropLast(teacher.hidden)], 1) as tf.Tensor3D;
  const teacherNll = negativeLogLikelihood(spec, weights, teacherStates, batch.teacher.ids);
  const teacherLoss = tf.div(tf.sum(tf.mul(teacherNll.nll, batch.teacher.mask)), batch.teacherTokens) as tf.Scalar;
  if (!options.student) return { loss: teacherLoss, metrics: { 'lrm/ce_teacher': teacherLoss } };

  const thought = think(spec, weights, question);
  const offset = tf.add(question.length, thought.states.length) as tf.Tensor2D;
  const past = [question.segment, thought.segment];
  const student = forward(spec.model, weights, after(weights, past, offset, batch.student), { hiddenStates: true });
  const next = tf.slice(batch.student.ids, [0, 1], [-1, -1]) as tf.Tensor2D;
  const nextMask = tf.slice(batch.student.mask, [0, 1], [-1, -1]);
  const answerMask = tf.slice(batch.answerMask, [0, 1], [-1, -1]);
  const studentNll = negativeLogLikelihood(spec, weights, dropLast(student.hidden), next);
  const studentLoss = tf.add(
    tf.mul(options.answerWeight, tf.div(tf.sum(tf.mul(studentNll.nll, answerMask)), batch.answerTokens)),
    tf.mul(1 - options.answerWeight, tf.div(tf.sum(tf.mul(studentNll.nll, nextMask)), batch.studentTokens)),
  ) as tf.Scalar;

  const rows = batch.beforeAnswer.shape[0];
  const at = spec.answerPrefix.length;
  const distances = student.hiddenStates.map((state, layer) => {
    const own = tf.reshape(tf.slice(state, [0, at, 0], [rows, 1, -1]), [rows, -1]) as tf.Tensor2D;
    const goal = stopGradient(takeRows(teacher.hiddenStates[layer]!, batch.beforeAnswer));
    const deviation = tf.sqrt(tf.moments(goal).variance);
    return tf.div(tf.mean(smoothL1(tf.sub(own, goal))), deviation);
  });
  const share = tf.div(rows, batch.rows);
  const distill = tf.mul(tf.div(tf.addN(distances), distances.length), share) as tf.Scalar;
  const correct = tf.sum(tf.mul(tf.cast(studentNll.exp, 'float32'), answerMask));
  return {
    loss: tf.addN([teacherLoss, studentLoss, tf.mul(distill, batch.distillWeight)]) as tf.Scalar,
    metrics: {
      'lrm/ce_teacher': teacherLoss,
      'lrm/ce_student': studentLoss,
      'lrm/distill': distill,
      'lrm/answer_probability': tf.div(correct, batch.answerTokens) as tf.Scalar,
    },
  };
}

function dropLast(hidden: tf.Tensor3D): tf.Tensor3D {
  const [rows, tokens, width] = hidden.shape;
  return tf.slice(hidden, [0, 0, 0], [rows, tokens - 1, width]);
}

/** [B,T,d], [B,T] -> per-token negative log-likelihood and probability, both [B,T]. */
function negativeLogLikelihood(spec: LrmSpec, weights: Weights, states: tf.Tensor3D, ids: tf.Tensor2D) {
  const [rows, tokens, width] = states.shape;
  const z = logits(spec.model, weights, tf.reshape(states, [rows * tokens, width]) as tf.Tensor2D);
  const { logProb } = logProbAndEntropy(z, tf.reshape(ids, [rows * tokens]) as tf.Tensor1D);
  return {
    nll: tf.reshape(tf.neg(logProb), [rows, tokens]),
    exp: stopGradient(tf.reshape(tf.exp(logProb), [rows, tokens]) as tf.Tensor2D),
  };
}

/** Huber's function with threshold 1, elementwise (torch's `smooth_l1_loss`). */
function smoothL1(x: tf.Tensor): tf.Tensor {
  const size = tf.abs(x);
  const inner = tf.minimum(size, 1);
  return tf.add(tf.mul(tf.mul(inner, inner), 0.5), tf.sub(size, inner));
}

/** The value of `x`, with no gradient through it. */
function stopGradient<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((value, save) => {
    const input = value as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return { value: tf.clone(input), gradFunc: (_dy, saved) => tf.zerosLike(saved[0]!) };
  });
  return stop(x) as T;
}

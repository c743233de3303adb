/**
 * Problems as padded token arrays: the one place where text becomes model input for latent reasoning.
 *
 * Questions are left-padded (their last token meets `<bot>`), everything read after them is right-padded. Widths are
 * rounded up to a multiple of 8, so that few graph signatures occur.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { RecodiError } from '../run/errors.ts';
import { f32, type Host, i32 } from '../tensor/index.ts';
import type { Problem, World } from '../worlds/problem.ts';
import type { LrmSpec, Tokens } from './codi.ts';
import type { CodiBatch } from './loss.ts';

const WIDTH_STEP = 8;

/**
 * Rows of ids as [B,T] with T the longest row rounded up to a multiple of 8 (at least 8), or `width` where given.
 * Throws `internal` for a row that is longer than `width`.
 */
export function padTokens(
  rows: readonly (readonly number[])[],
  padId: number,
  side: 'left' | 'right',
  width?: number,
): Host<Tokens> {
  const longest = Math.max(1, ...rows.map(r => r.length));
  const columns = width ?? Math.ceil(longest / WIDTH_STEP) * WIDTH_STEP;
  if (rows.some(row => row.length > columns))
    throw new RecodiError('internal', `expected rows of at most ${columns} tokens, got one of ${longest}`);
  const ids = new Int32Array(rows.length * columns).fill(padId);
  const mask = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    const start = i * columns + (side === 'left' ? columns - row.length : 0);
    ids.set(row, start);
    mask.fill(1, start, start + row.length);
  });
  return { ids: i32(ids, [rows.length, columns]), mask: f32(mask, [rows.length, columns]) };
}

/** The teacher's and the student's tokens of a problem. */
function trainingTokens(problem: Problem, world: World, spec: LrmSpec, tokenizer: Tokenizer) {
  const chain = tokenizer.encode(world.chain(problem).join(' '));
  const answer = tokenizer.encode(problem.answer);
  return {
    question: tokenizer.encode(problem.question),
    teacher: [...chain, ...spec.answerPrefix, ...answer, spec.eosId],
    beforeAnswer: chain.length + spec.answerPrefix.length - 1,
    student: [spec.eotId, ...spec.answerPrefix, ...answer, spec.eosId],
    answerLength: answer.length,
  };
}

/** Splits a batch of problems into micro-batches that carry the whole batch's counts. */
export function codiBatches(
  problems: readonly Problem[],
  world: World,
  spec: LrmSpec,
  tokenizer: Tokenizer,
  options: { microBatch: number; distillWeight: number },
): Host<CodiBatch>[] {
  const rows = problems.map(problem => trainingTokens(problem, world, spec, tokenizer));
  const count = (size: (row: (typeof rows)[number]) => number) => f32([rows.reduce((n, row) => n + size(row), 0)], []);
  const shared = {
    rows: f32([rows.length], []),
    teacherTokens: count(r => r.teacher.length),
    studentTokens: count(r => r.student.length - 1),
    answerTokens: count(r => r.answerLength),
    distillWeight: f32([options.distillWeight], []),
  };
  const width = (pick: (row: (typeof rows)[number]) => number[]) =>
    Math.ceil(Math.max(...rows.map(r => pick(r).length)) / 4) * 4;
  const [questionWidth, teacherWidth] = [width(r => r.question), width(r => r.teacher)];
  const studentWidth = Math.max(...rows.map(r => r.student.length));
  const batches: Host<CodiBatch>[] = [];
  for (let start = 0; start < rows.length; start += options.microBatch) {
    const part = rows.slice(start, start + options.microBatch);
    const student = padTokens(
      part.map(r => r.student),
      spec.padId,
      'right',
      studentWidth,
    );
    const answerMask = new Float32Array(student.mask.data.length);
    part.forEach((r, i) => {
      const first = i * studentWidth + 1 + spec.answerPrefix.length;
      answerMask.fill(1, first, first + r.answerLength);
    });
    batches.push({
      question: padTokens(
        part.map(r => r.question),
        spec.padId,
        'left',
        questionWidth,
      ),
      teacher: padTokens(
        part.map(r => r.teacher),
        spec.padId,
        'right',
        teacherWidth,
      ),
      beforeAnswer: i32(
        part.map(r => r.beforeAnswer),
        [part.length],
      ),
      student,
      answerMask: f32(answerMask, student.mask.shape),
      ...shared,
    });
  }
  return batches;
}

import { beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../run/random.ts';
import { codiBatches, padTokens } from './batches.ts';
import type { Lrm } from './folder.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

describe('padTokens', () => {
  it('pads on the side asked for, to a multiple of 8 or to a width', () => {
    const left = padTokens([[5, 6], [7]], 0, 'left');
    expect(left.ids.shape).toEqual([2, 8]);
    expect([...left.ids.data]).toEqual([0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 7]);
    expect([...left.mask.data]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    const right = padTokens([[5, 6], []], 9, 'right', 3);
    expect([...right.ids.data]).toEqual([5, 6, 9, 9, 9, 9]);
    expect([...right.mask.data]).toEqual([1, 1, 0, 0, 0, 0]);
    expect(padTokens([[], []], 0, 'right').ids.shape).toEqual([2, 8]);
  });

  it('refuses a row that is longer than the width: it would run into the next one', () => {
    expect(() => padTokens([[1, 2, 3], [4]], 0, 'right', 2)).toThrow(/at most 2 tokens, got one of 3/);
  });
});

describe('batches of problems', () => {
  let lrm: Lrm;
  beforeAll(async () => {
    lrm = await tinyLrm();
  });
  const rng = stream(1, 'batches');
  const problems = [3, 1, 2, 2, 3].map(steps => world.generator('train', rng, steps));
  const make = (microBatch: number) =>
    codiBatches(problems, world, lrm.spec, lrm.tokenizer, { microBatch, distillWeight: 2 });

  it('hold question, chain, and answer where the loss looks for them', () => {
    const { spec, tokenizer } = lrm;
    const [batch] = make(5);
    problems.forEach((problem, row) => {
      const real = (tokens: { ids: { data: ArrayLike<number> }; mask: { data: ArrayLike<number> } }) => {
        const width = tokens.ids.data.length / problems.length;
        const places = Array.from({ length: width }, (_, i) => row * width + i);
        return places.filter(i => tokens.mask.data[i] === 1).map(i => tokens.ids.data[i]!);
      };
      const teacher = real(batch!.teacher);
      const chain = world.chain(problem).join(' ');
      expect(tokenizer.decode(real(batch!.question))).toBe(problem.question);
      expect(tokenizer.decode(teacher)).toBe(`${chain} ${world.answerPrefix} ${problem.answer} <eos>`.trim());
      expect(teacher[batch!.beforeAnswer.data[row]!]).toBe(spec.answerPrefix.at(-1));
      expect(tokenizer.decode([teacher[batch!.beforeAnswer.data[row]! + 1]!])).toBe(problem.answer);
      expect(tokenizer.decode(real(batch!.student))).toBe(`<eot> ${world.answerPrefix} ${problem.answer} <eos>`);
      const width = batch!.student.ids.shape[1]!;
      const answer = Array.from({ length: width }, (_, i) => i).filter(
        i => batch!.answerMask.data[row * width + i] === 1,
      );
      expect(answer.map(i => batch!.student.ids.data[row * width + i])).toEqual(tokenizer.encode(problem.answer));
    });
  });

  it('carry the whole batch’s counts and widths in every micro-batch', () => {
    const [whole] = make(5);
    const parts = make(2);
    expect(parts.map(part => part.question.ids.shape[0])).toEqual([2, 2, 1]);
    const sum = (mask: ArrayLike<number>) => Array.from(mask).reduce((a, b) => a + b, 0);
    for (const part of parts) {
      for (const name of ['rows', 'teacherTokens', 'studentTokens', 'answerTokens', 'distillWeight'] as const)
        expect([...part[name].data]).toEqual([...whole![name].data]);
      for (const name of ['question', 'teacher', 'student'] as const)
        expect(part[name].ids.shape[1]).toBe(whole![name].ids.shape[1]);
    }
    expect(whole!.rows.data[0]).toBe(5);
    expect(whole!.teacherTokens.data[0]).toBe(sum(whole!.teacher.mask.data));
    expect(whole!.studentTokens.data[0]).toBe(sum(whole!.student.mask.data) - 5);
    expect(whole!.answerTokens.data[0]).toBe(sum(whole!.answerMask.data));
  });
});

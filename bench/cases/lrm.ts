/** A training step of the latent-reasoning model: stage A learns the explicit chain, stage B the latent steps beside it. */
import { createLearner } from '../../src/lm/learner.ts';
import type { ModelSpec } from '../../src/lm/spec.ts';
import { codiBatches } from '../../src/lrm/batches.ts';
import type { LrmSpec } from '../../src/lrm/codi.ts';
import { lrmGradientTask } from '../../src/lrm/gradientTask.ts';
import type { CodiBatch } from '../../src/lrm/loss.ts';
import type { Device } from '../../src/tensor/devices.ts';
import type { Host, HostArray } from '../../src/tensor/index.ts';
import { createPool } from '../../src/tensor/pool.ts';
import { chainText, type Problem } from '../../src/worlds/problem.ts';
import { forwardFlops, sequence, sum, WITH_GRADIENT } from '../flops.ts';
import { makeModel, peer, world } from '../model.ts';
import type { Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';
import { sessionMs } from './workers.ts';

export function lrmVariants(size: Size): Variant[] {
  const longest = (text: (problem: Problem) => string) =>
    Math.max(...problemsOf(size).map(problem => words(text(problem))));
  const answer = (problem: Problem) => `${world.answerPrefix} ${problem.answer} <eos>`;
  const widths = {
    question: longest(problem => problem.question),
    teacher: longest(problem => `${chainText(world, problem)} ${answer(problem)}`),
    student: longest(problem => `<eot> ${answer(problem)}`),
    prefix: words(world.answerPrefix),
  };
  return [false, true].flatMap(student =>
    [1, 2].map(threads => ({
      label: `LRM training step, stage ${student ? 'B' : 'A'}, ${size.lrmRows} problems`,
      threads,
      makes: { steps: 1 },
      burst: 2,
      peer: peer('lrm', size, { problems: size.lrmRows, ...widths, student_too: Number(student), threads }),
      create: device => create(size, student, threads, device),
    })),
  );
}

const problemsOf = (size: Size) => world.problems({ split: 'train', count: size.lrmRows, seed: 0 });
const words = (text: string) => text.split(' ').length;

async function create(size: Size, student: boolean, workers: number, device: Device): Promise<Subject> {
  const model = await makeModel(size);
  const { spec, tokenizer } = model.lrm;
  const pool = createPool({ workers, device });
  const learner = createLearner({
    pool,
    id: 'bench',
    params: model.lrmParams,
    optimizer: { beta2: 0.98, maxGradNorm: 2 },
  });
  const micro = { microBatch: size.lrmMicro, distillWeight: 20 };
  const batches = codiBatches(problemsOf(size), world, spec, tokenizer, micro);
  const options = { student, answerWeight: 0.5 };
  const inputs = batches.map(batch => ({ spec, options, batch }));
  const forward = batches.reduce((sum, batch) => sum + lossFlops(spec, spec.model, batch, student), 0);
  const flops = WITH_GRADIENT * forward;
  return {
    async once() {
      await learner.step({ task: lrmGradientTask, inputs }, { lr: 7e-4 });
      return { flops };
    },
    sessionMs: () => sessionMs(pool),
    async close() {
      await pool.close();
      model.remove();
    },
  };
}

/** The forward pass: question once, teacher and (if trained) `<bot>`, latent steps and student after it. */
function lossFlops(spec: LrmSpec, model: ModelSpec, batch: Host<CodiBatch>, student: boolean): number {
  const questions = lengths(batch.question.mask);
  const teachers = lengths(batch.teacher.mask);
  const readings = questions.flatMap((past, row) => [
    sequence(past),
    sequence(teachers[row]! - 1, { past, used: teachers[row]! }),
  ]);
  if (!student) return forwardFlops(model, sum(readings));
  const thoughts = 1 + spec.latents;
  const students = lengths(batch.student.mask);
  questions.forEach((past, row) => {
    const read = students[row]! - 1;
    readings.push(sequence(thoughts, { past }), sequence(read, { past: past + thoughts, used: read }));
  });
  const projection = 4 * model.hiddenSize * spec.projectionSize * spec.latents * questions.length;
  return forwardFlops(model, sum(readings)) + projection;
}

/** Real tokens of each row of a mask [B,T]. */
function lengths(mask: HostArray): number[] {
  const [rows, width] = mask.shape as [number, number];
  return Array.from({ length: rows }, (_, row) => {
    let count = 0;
    for (let at = row * width; at < (row + 1) * width; at++) count += mask.data[at]!;
    return count;
  });
}

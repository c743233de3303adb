/** The frozen model reads texts, several after each question, and gives the state at the last token of each. */
import { lrmRuntime } from '../../src/lrm/runtime.ts';
import { readRows } from '../../src/lrm/tasks.ts';
import type { Device } from '../../src/tensor/devices.ts';
import { closeEngine, engineStats, useDevice } from '../../src/tensor/index.ts';
import { forwardFlops, readingAfter } from '../flops.ts';
import { makeModel, peer, randomLengths, randomQuestions, randomRows } from '../model.ts';
import type { Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';

export function readingVariants(size: Size): Variant[] {
  const { problems: questions, samples, tokens, question } = size;
  const texts = questions * samples;
  return [
    {
      label: `reading, ${questions} questions x ${samples} texts of at most ${tokens} tokens`,
      threads: 1,
      makes: { texts },
      burst: 5,
      peer: peer('reading', size, { texts, tokens, questions, question, threads: 1 }),
      create: device => create(size, device),
    },
  ];
}

async function create(size: Size, device: Device): Promise<Subject> {
  await useDevice(device);
  const model = await makeModel(size);
  const runtime = await lrmRuntime(model.folder);
  const questions = randomQuestions('reading', size);
  const count = size.problems * size.samples;
  const texts = randomRows(
    'reading.texts',
    randomLengths('reading.texts', count, Math.floor(size.tokens / 2), size.tokens),
  );
  const ends = texts.map(text => [text.length]);
  const lengths = (rows: readonly number[][]) => rows.map(row => row.length);
  const flops = forwardFlops(model.lrm.spec.model, readingAfter(lengths(questions), lengths(texts)));
  return {
    async once() {
      await readRows(runtime, questions, texts, ends, size.tokens);
      return { flops };
    },
    sessionMs: () => engineStats().captureMs + engineStats().sessionMs,
    async close() {
      await closeEngine();
      model.remove();
    },
  };
}

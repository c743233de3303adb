import { expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { indexOf, problemAnswer } from './problems.ts';
import { openRuns, type RunReader } from './runReader.ts';
import { smallRun } from './runs.fixture.ts';
import { summarize } from './summary.ts';

const whole = filesOf(smallRun().folder);

/** The run with some of its files, since a reader that meets the first damage goes no further. */
const only = (...files: string[]) => Object.fromEntries(['config.yaml', ...files].map(file => [file, whole[file]!]));

it.each([
  ['config.yaml', run => run.config()],
  ['metrics.jsonl', run => run.metrics()],
  ['eval.json', run => run.evaluation()],
  ['samples.jsonl', run => run.samples()],
  ['labels/labels.jsonl', run => indexOf(run.labels()).problems.id.map(id => problemAnswer(run, id))],
] as const satisfies [string, (run: RunReader) => unknown][])('a damaged %s is read or refused', async (file, read) => {
  await survivesDamage({ files: only(file), read: folder => read(openRuns([folder])[0]!) });
});

it('damaged vectors are those of the labels, or refused', async () => {
  await survivesDamage({
    files: only('labels/vectors.safetensors', 'labels/labels.jsonl'),
    read(folder) {
      const [run] = openRuns([folder]);
      return { count: run!.rows().length, ...run!.vectors() };
    },
    check({ count, d, targets, readouts }) {
      for (const rows of [targets, readouts ?? targets]) expect(rows).toHaveLength(count * d);
      for (const x of targets) expect(x).toBeTypeOf('number');
    },
  });
});

it('a damaged run has a line in the table, with complaints that name what is wrong', async () => {
  await survivesDamage({
    files: whole,
    read: folder => summarize(openRuns([folder])),
    check({ runs: [run] }) {
      for (const complaint of run!.complaints) expect(complaint).not.toMatch(/^unexpected/);
      for (const { figure } of run!.headline) expect(figure).toHaveProperty('low');
    },
  });
});

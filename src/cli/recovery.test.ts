import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadCheckpoint } from '../run/checkpoint.ts';
import { newRuns, type Runs, recodi, start } from './runs.fixture.ts';

const LONG = 600_000;
let runs: Runs;
let whole: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  runs = await newRuns();
  expect((await recodi(runs.train('whole', '--workers', '1', '--no-supervise'))).code).toBe(0);
  whole = runs.outcome('whole');
}, LONG);

const alone = ['--workers', '1', '--no-supervise'];
const newest = (name: string) =>
  readdirSync(runs.path(name, 'checkpoints'))
    .filter(entry => /^\d+$/.test(entry))
    .sort()
    .at(-1)!;

async function endsAsUndisturbed(name: string) {
  const { code, stderr } = await recodi(runs.resume(name, ...alone));
  expect([code, stderr]).toEqual([0, expect.anything()]);
  expect(runs.outcome(name)).toEqual(whole);
  expect(runs.leftovers(name)).toEqual([]);
  return stderr;
}

/** One sentence, and exit status 3. */
function expectRefusal({ code, stderr }: { code: number | null; stderr: string }, why: RegExp) {
  const sentences = stderr.split('\n').filter(line => line.startsWith('recodi: '));
  expect([code, sentences]).toEqual([3, [expect.stringMatching(why)]]);
  expect(stderr).not.toMatch(/\n {4}at /);
}

describe('writes that fail in the middle of a run', () => {
  it.each([
    ['ENOSPC', 3],
    ['EACCES', 12],
  ])(
    '(%s) stop it with one sentence, and the last good checkpoint goes on',
    async (how, write) => {
      const name = `fails-${how}`;
      runs.rewound('whole', name);
      const before = newest(name);
      expectRefusal(await recodi(runs.resume(name, ...alone), { how, write }), new RegExp(how));
      expect(loadCheckpoint(runs.path(name, 'checkpoints', before), z.unknown()).step).toBe(Number(before));
      await endsAsUndisturbed(name);
    },
    LONG,
  );

  it(
    'on a disk that is really full do the same',
    async context => {
      const disk = mkdtempSync(join(tmpdir(), 'recodi-disk-'));
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
      if (mounted.status !== 0) return context.skip('no file system can be mounted here');
      try {
        const name = 'full';
        cpSync(runs.rewound('whole', name), join(disk, name), { recursive: true });
        const filler = join(disk, 'filler');
        spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']);
        truncateSync(filler, Math.max(0, readFileSync(filler).length - 20 * 1024));
        expectRefusal(await recodi(['resume', join(disk, name), '--no-eval', ...alone]), /ENOSPC/);
        rmSync(filler);
        rmSync(runs.path(name), { recursive: true });
        cpSync(join(disk, name), runs.path(name), { recursive: true });
        await endsAsUndisturbed(name);
      } finally {
        spawnSync('umount', [disk]);
      }
    },
    LONG,
  );
});

describe('a native crash', () => {
  it(
    'is said, and the parent goes on from the last checkpoint by itself',
    async () => {
      runs.rewound('whole', 'crashed');
      const once = runs.path('once');
      const { code, stderr } = await recodi(runs.resume('crashed', '--workers', '1'), {
        how: 'abort',
        write: 25,
        once,
      });
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/the process crashed \(SIGABRT\); going on from .*0000/),
      ]);
      expect(runs.outcome('crashed')).toEqual(whole);
      expect(runs.leftovers('crashed')).toEqual([]);
    },
    LONG,
  );

  it(
    'that comes again without progress stops at the third, and names the last good checkpoint',
    async () => {
      runs.rewound('whole', 'crashing');
      const { code, stderr } = await recodi(runs.resume('crashing', '--workers', '1'), { how: 'abort', write: 8 });
      expect(code).toBe(1);
      expect(stderr.split('\n').filter(line => line.includes('going on from'))).toHaveLength(2);
      expect(stderr).toMatch(
        new RegExp(
          `crashed 3 times \\(SIGABRT\\) without a new checkpoint. The last good one is .*${newest('crashing')}`,
        ),
      );
    },
    LONG,
  );
});

/** What is promised from a signal to the end, where no chunk takes longer. */
const SOON_MS = 10_000;

/** Tasks of the first update of a run that was rewound, and updates done before it. */
const BEFORE = { rollOut: 2, ppoGradient: 8, done: 4 } as const;

describe('a training that gets', () => {
  it.each([
    ['SIGINT', 130, { task: 'rollOut', nth: BEFORE.rollOut + 1 }],
    ['SIGTERM', 143, { task: 'ppoGradient', nth: BEFORE.ppoGradient + 2 }],
  ] as const)(
    '%s within an update ends with %i within ten seconds, and goes on from a whole checkpoint as if nothing had been',
    async (signal, status, hold) => {
      runs.rewound('whole', signal);
      const { child, end, said } = start(runs.resume(signal, '--workers', '1'), hold);
      await said('held');
      const sent = performance.now();
      child.kill(signal);
      const { code, stderr } = await end;
      expect([code, stderr]).toEqual([status, expect.stringMatching(/Interrupted; go on with `recodi resume/)]);
      expect(performance.now() - sent).toBeLessThan(SOON_MS);
      expect(runs.leftovers(signal)).toEqual([]);
      const { step, state } = loadCheckpoint(runs.path(signal, 'checkpoints', newest(signal)), z.unknown());
      expect(state).toMatchObject({ phase: 'ppo', done: BEFORE.done + 1 });
      expect(step).toBe(Number(newest(signal)));
      await endsAsUndisturbed(signal);
    },
    LONG,
  );

  it(
    'a second signal does not wait for what never ends, and leaves a run that goes on as if nothing had been',
    async () => {
      const hold = { task: 'ppoGradient', nth: BEFORE.ppoGradient + 2, forever: true } as const;
      runs.rewound('whole', 'twice');
      const { child, end, said } = start(runs.resume('twice', '--workers', '1'), hold);
      await said('held');
      child.kill('SIGINT');
      await said('Once more to quit at once');
      await sleep(600);
      child.kill('SIGINT');
      expect((await end).signal).toBe('SIGINT');
      await endsAsUndisturbed('twice');
    },
    LONG,
  );
});

describe('a parent that is killed', () => {
  it(
    'takes its child with it, so that nobody works on unseen',
    async () => {
      const lock = join(runs.rewound('whole', 'orphaned'), 'lock.json');
      const { child, end } = start(runs.resume('orphaned', '--workers', '1'));
      while (!existsSync(lock)) await sleep(20);
      const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
      expect(pid).not.toBe(child.pid);
      child.kill('SIGKILL');
      // That end is the end of the pipe too, to which the child writes.
      expect((await end).signal).toBe('SIGKILL');
      await endsAsUndisturbed('orphaned');
    },
    LONG,
  );
});

describe('a run folder', () => {
  it(
    'that a process works on is refused to a second one, which names the first',
    async () => {
      runs.rewound('whole', 'held');
      const holder = { pid: process.pid, host: hostname(), started: null, since: 'noon' };
      writeFileSync(runs.path('held', 'lock.json'), JSON.stringify(holder));
      for (const args of [runs.resume('held', ...alone), runs.train('held', '--overwrite', ...alone)]) {
        const { code, stderr } = await recodi(args);
        expect([code, stderr]).toEqual([
          2,
          expect.stringContaining(`process ${process.pid} on ${hostname()} works on this run`),
        ]);
      }
      expect(existsSync(runs.path('held', 'metrics.jsonl'))).toBe(true);
    },
    LONG,
  );

  it(
    'with a damaged newest checkpoint, torn last lines and torn files is mended, with a warning for each',
    async () => {
      cpSync(runs.path('whole'), runs.path('damaged'), { recursive: true });
      truncateSync(runs.path('damaged', 'checkpoints', newest('damaged'), 'arrays.safetensors'), 1000);
      for (const file of ['metrics.jsonl', 'samples.jsonl']) appendFileSync(runs.path('damaged', file), '{"upda');
      mkdirSync(runs.path('damaged', 'checkpoints', '.writing-000099'));
      writeFileSync(runs.path('damaged', 'eval.json.tmp-1-0-1'), '{');
      writeFileSync(runs.path('damaged', 'lock.json'), '{"pid":');
      const stderr = await endsAsUndisturbed('damaged');
      for (const warning of [/arrays\.safetensors: damaged/, /metrics\.jsonl: cut off/, /samples\.jsonl: cut off/])
        expect(stderr).toMatch(warning);
    },
    LONG,
  );
});

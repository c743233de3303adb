import { join } from 'node:path';
import { expect, it } from 'vitest';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { formatJsonl, openJsonl, readJsonl } from './jsonl.ts';
import { openMetrics } from './metricsWriter.ts';
import { runPaths } from './paths.ts';

const metrics = [
  { phase: 'warm_start', update: 1, lr: 0.5, 'warm_start/loss': null },
  { phase: 'ppo', update: 1, lr: 1e-4, 'objective/kl': 0.25, 'inversion/k1@1.before/score': -1 },
  { phase: 'ppo', update: 2, lr: 1e-4, grad_norm: 12 },
];
const records = [...metrics, { text: 'ünï → 日本', list: [1, [2]], inner: { a: '"\n"' } }];

it('damaged JSON lines are read, repaired and gone on with, or refused', async () => {
  await survivesDamage({
    files: { 'x.jsonl': Buffer.from(formatJsonl(records)) },
    read(folder) {
      const path = join(folder, 'x.jsonl');
      const writer = openJsonl(path);
      try {
        const kept = readJsonl(path);
        writer.append({ next: true });
        return { kept, now: readJsonl(path) };
      } finally {
        writer.close();
      }
    },
    check({ kept, now }) {
      expect(now.length).toBe(kept.length + 1);
      expect(now.at(-1)).toEqual({ next: true });
    },
  });
});

it("a run's damaged metrics are gone on with or refused", async () => {
  await survivesDamage({
    files: { 'metrics.jsonl': Buffer.from(formatJsonl(metrics)) },
    read(folder) {
      const paths = runPaths(folder);
      const writer = openMetrics(paths, { resumeAt: { phase: 'ppo', update: 1 } });
      writer.write({ phase: 'ppo', update: 2 }, { lr: 9 });
      writer.sync();
      writer.close();
      return readJsonl(paths.metrics);
    },
    check(lines) {
      expect(lines.at(-1)).toEqual({ phase: 'ppo', update: 2, lr: 9 });
      for (const { phase, update } of lines) {
        expect(phase).toBeTypeOf('string');
        expect(Number.isSafeInteger(update)).toBe(true);
      }
    },
  });
});

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJsonl } from './jsonl.ts';
import { dependsOnMachine, METRICS, metricRow } from './metrics.ts';
import { openMetrics } from './metricsWriter.ts';
import { runPaths } from './paths.ts';

const newPaths = () => runPaths(mkdtempSync(join(tmpdir(), 'recodi-metrics-')));

describe('the table', () => {
  it('has each name once and finds names of the run by their pattern', () => {
    expect(new Set(METRICS.map(row => row.name)).size).toBe(METRICS.length);
    expect(metricRow('rewards/length/mean')?.name).toBe('rewards/<name>/mean');
    expect(metricRow('objective/kl')?.name).toBe('objective/kl');
    expect(metricRow('objective/kl/more')).toBeUndefined();
    expect(metricRow('objectiveXkl')).toBeUndefined();
  });

  it('tells what differs between machines', () => {
    expect(['time/update', 'system/rss', 'objective/kl'].map(dependsOnMachine)).toEqual([true, true, false]);
  });
});

describe('openMetrics', () => {
  it('writes a line per update and refuses a name that is not in the table', () => {
    const paths = newPaths();
    const metrics = openMetrics(paths);
    metrics.write({ phase: 'ppo', update: 1 }, { 'objective/kl': 0.5, grad_norm: Number.NaN });
    expect(() => metrics.write({ phase: 'ppo', update: 2 }, { 'objective/klx': 1 })).toThrow(/not in the table/);
    metrics.close();
    expect(readJsonl(paths.metrics)).toEqual([{ phase: 'ppo', update: 1, 'objective/kl': 0.5, grad_norm: null }]);
  });

  it('refuses lines that do not say whose numbers they are', () => {
    for (const update of ['1.5', '-1', '"1"', '1e999', 'null']) {
      const paths = newPaths();
      const line = `{"phase":"ppo","update":${update},"lr":1}\n`;
      writeFileSync(paths.metrics, line);
      expect(() => openMetrics(paths, { resumeAt: { phase: 'ppo', update: 1 } })).toThrow(/metrics\.jsonl:1: expected/);
      expect(readFileSync(paths.metrics, 'utf8')).toBe(line);
    }
  });

  it('on resume drops what the checkpoint has not seen, and keeps one event file', () => {
    const paths = newPaths();
    const first = openMetrics(paths);
    for (const update of [1, 2]) first.write({ phase: 'warm_start', update }, { lr: update });
    for (const update of [1, 2, 3]) first.write({ phase: 'ppo', update }, { lr: update });
    first.close();
    const second = openMetrics(paths, { resumeAt: { phase: 'ppo', update: 1 } });
    second.write({ phase: 'ppo', update: 2 }, { lr: 9 });
    second.close();
    expect(readJsonl(paths.metrics).map(line => [line.phase, line.update, line.lr])).toEqual([
      ['warm_start', 1, 1],
      ['warm_start', 2, 2],
      ['ppo', 1, 1],
      ['ppo', 2, 9],
    ]);
    openMetrics(paths, { resumeAt: { phase: 'warm_start', update: 1 } }).close();
    expect(readJsonl(paths.metrics)).toHaveLength(1);
    expect(readdirSync(paths.folder).filter(name => name.startsWith('events'))).toHaveLength(1);
  });
});

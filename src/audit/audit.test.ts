import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { embeddedBench } from '../eval/embedded.fixture.ts';
import { readJson } from '../run/files.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { arithmeticSchema, createArithmetic } from '../worlds/arithmetic.ts';
import { auditRun } from './audit.ts';

afterAll(closeEngine);

it('finds no word in the thoughts of a model that has no rule, whatever its world says', async () => {
  await useDevice('onnx');
  const bench = await embeddedBench();
  const audit = await auditRun(bench, 40);
  const { readings, accepted, all } = audit.readers.ours;
  expect(audit.view).toMatch(/@2\.result$/);
  expect([audit.problems, readings]).toEqual([40, 40]);
  expect(all.unaccounted.length).toBeLessThan(0.2 * readings);
  expect(accepted.unaccounted.length).toBeLessThan(0.1 * readings);
  for (const { unaccounted, reading, question } of all.unaccounted) {
    expect(unaccounted.length).toBeGreaterThan(0);
    expect(reading).toContain(unaccounted[0]);
    expect(question).toMatch(/\?$/);
  }
  for (const { probability } of accepted.unaccounted) expect(probability).toBeGreaterThanOrEqual(audit.accept);
  const words = Object.values(audit.readers).flatMap(of => [of.accepted, of.all].flatMap(list => list.words.found));
  expect(words).toEqual([]);
  expect([audit.planted, accepted.agreement]).toEqual([{ problems: 0, answered: null }, null]);
  expect(readJson(bench.paths.audit, z.unknown())).toEqual(audit);

  const unanchored = {
    ...bench,
    views: { ...bench.views, views: bench.views.views.map(({ anchor: _, ...view }) => view) },
  };
  await expect(auditRun(unanchored, 4)).rejects.toThrow(/none of its views speaks of a known step/);
  const { equations: _, ...worded } = bench.world;
  await expect(auditRun({ ...bench, world: worded }, 4)).rejects.toThrow(/no equations/);

  const plant = { when: { object: 'coins' }, do: { step: 0, operation: 'opposite' } } as const;
  const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic', plant }));
  const other = await auditRun({ ...bench, world }, 40);
  expect(other.planted.problems).toBeGreaterThan(0);
  expect(other.planted.answered).toBeLessThan(0.3);
  expect(other.readers.ours.accepted.agreement!.recall).toBe(0);
  expect(other.readers.ours.accepted.words.found).toEqual([]);
}, 120_000);

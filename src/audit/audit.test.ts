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
  const { accepted, all } = audit.readers.ours;
  expect(audit.views).toHaveLength(2);
  expect([audit.problems, all.readings, all.problems]).toEqual([40, 80, 40]);
  expect(accepted.readings).toBeGreaterThan(40);
  expect(accepted.readings).toBeLessThanOrEqual(all.readings);
  expect(accepted.unaccounted.length).toBeLessThan(0.1 * accepted.readings);
  for (const { probability, unaccounted, reading, question } of accepted.unaccounted) {
    expect(probability).toBeGreaterThanOrEqual(audit.accept);
    expect(unaccounted.length).toBeGreaterThan(0);
    expect(reading).toContain(unaccounted[0]!.split(' ').at(-1));
    expect(question).toMatch(/\?$/);
  }
  expect(
    Object.values(audit.readers).flatMap(({ accepted, all }) => [...accepted.words.found, ...all.words.found]),
  ).toEqual([]);
  expect([audit.planted, accepted.agreement]).toEqual([{ problems: 0, answered: null }, null]);
  expect(readJson(bench.paths.audit, z.unknown())).toEqual(audit);

  const unanchored = {
    ...bench,
    views: { ...bench.views, views: bench.views.views.map(({ anchor: _, ...view }) => view) },
  };
  await expect(auditRun(unanchored, 4)).rejects.toThrow(/none of its views speaks of a known step/);
  const { equations: _, ...words } = bench.world;
  await expect(auditRun({ ...bench, world: words }, 4)).rejects.toThrow(/no equations/);

  const plant = { when: { object: 'coins' }, do: { step: 0, operation: 'opposite' } } as const;
  const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic', plant }));
  const other = await auditRun({ ...bench, world }, 40);
  expect(other.planted.problems).toBeGreaterThan(0);
  expect(other.planted.answered).toBeLessThan(0.3);
  expect(other.readers.ours.accepted.agreement!.recall).toBe(0);
  expect(other.readers.ours.accepted.words.found).toEqual([]);
}, 120_000);

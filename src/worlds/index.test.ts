import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createWorld, worldSchema } from './index.ts';

test('a config names its world and gets the defaults', () => {
  const config = worldSchema.parse({ kind: 'arithmetic' });
  expect(config).toEqual({
    kind: 'arithmetic',
    chain: 'equations',
    max_number: 60,
    steps: [
      [2, 0.25],
      [3, 0.75],
    ],
  });
  expect(createWorld(config).name).toBe('arithmetic');
});

test('what no world knows is refused', () => {
  for (const bad of [
    {},
    { kind: 'geometry' },
    { kind: 'arithmetic', maxNumber: 60 },
    { kind: 'arithmetic', max_number: 100 },
  ]) {
    expect(worldSchema.safeParse(bad).success).toBe(false);
  }
});

test('every key of every world is described in the JSON schema', () => {
  const { oneOf } = z.toJSONSchema(worldSchema, { io: 'input' });
  expect(oneOf).toHaveLength(2);
  for (const world of oneOf ?? []) {
    for (const value of Object.values(world.properties ?? {})) {
      expect(value).toMatchObject({ description: expect.stringMatching(/\w/) });
    }
  }
});

const page = readFileSync('docs/worlds.md', 'utf8');

test('the example problem in the docs is what the world makes', () => {
  const shown = /```json\n(.*?)```/s.exec(page)?.[1] ?? '';
  const [problem] = createWorld(worldSchema.parse({ kind: 'arithmetic' })).problems({
    split: 'test',
    count: 1,
    seed: 6,
    steps: 3,
  });
  expect(JSON.parse(shown)).toEqual(problem);
});

test('the example file in the docs is the one beside them, and is a world', () => {
  const shown = /```jsonl\n(.*?)```/s.exec(page)?.[1];
  expect(shown).toBe(readFileSync('docs/problems.example.jsonl', 'utf8'));
  const world = createWorld(worldSchema.parse({ kind: 'jsonl', path: 'docs/problems.example.jsonl' }));
  expect(world.equations).toBeUndefined();
  expect(world.problems({ split: 'test', count: 1, seed: 1, steps: 2 })).toHaveLength(1);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compiled, OUTPUT } from './wasm.ts';

it('the committed module is that of its source', async () => {
  expect(readFileSync(OUTPUT, 'utf8')).toBe(await compiled());
});

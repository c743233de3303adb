import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pages } from './docs.ts';

it.each(Object.entries(pages()))('%s is what the code says; `npm run docs` writes it anew', (file, text) => {
  expect(readFileSync(file, 'utf8')).toBe(text);
});

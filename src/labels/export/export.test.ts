import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { labelOf } from '../labels.fixture.ts';
import { labelSchema } from '../schema.ts';
import { exportLabels } from './export.ts';
import { FORMATS } from './formats.ts';
import { sourceOf, threeLabels } from './source.fixture.ts';

const cardIn = (folder: string, path = 'README.md') => {
  const text = readFileSync(join(folder, path), 'utf8');
  const [, front, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(text)!;
  return { front: parse(front!), body: body! };
};

it('writes what was asked for, and what stands there from before, so that all is of the same labels', () => {
  const source = sourceOf(threeLabels);
  const names = (of: readonly string[]) => of.map(file => file.slice(source.folder.length + 1));
  const first = exportLabels(source.folder, source, ['nla']);
  expect(names(first.files)).toEqual([
    ...['labels.jsonl', 'vectors.safetensors', 'nla/labels.parquet', 'nla/labels.parquet.nla_meta.yaml'],
    ...['README.md', 'nla/README.md'],
  ]);
  const second = exportLabels(source.folder, source, ['ao']);
  expect(names(second.files)).toContain('nla/labels.parquet');
  for (const file of second.files) expect(existsSync(file)).toBe(true);
});

it('has cards whose front matter names every file and what its rows hold: one of JSON lines, one of parquet', () => {
  const source = sourceOf(threeLabels);
  exportLabels(source.folder, source, FORMATS);
  const { front } = cardIn(source.folder);
  const { front: beside } = cardIn(source.folder, 'nla/README.md');
  expect(front).toMatchObject({ size_categories: ['n<1K'], tags: expect.arrayContaining(['latent-reasoning']) });
  expect(front).not.toHaveProperty('license');
  const description = `of the labels with the SHA-256 ${source.labels.sha256}`;
  expect(front.configs).toEqual([
    { config_name: 'recodi', default: true, description, data_files: [{ split: 'test', path: 'labels.jsonl' }] },
    { config_name: 'ao', description, data_files: [{ split: 'test', path: 'ao/rows.jsonl' }] },
  ]);
  expect(beside.configs).toEqual([
    { config_name: 'nla', default: true, description, data_files: [{ split: 'test', path: 'labels.parquet' }] },
  ]);
  const [recodi, ao, nla] = [...front.dataset_info, ...beside.dataset_info].map(({ features }) => features);
  expect(recodi.map(({ name }: { name: string }) => name)).toEqual(Object.keys(labelSchema.shape));
  expect(recodi).toContainEqual({ name: 'steps', list: 'int64' });
  expect(recodi).toContainEqual({ name: 'lens', list: { list: 'string' } });
  expect(ao).toContainEqual({ name: 'steering_vectors', list: { list: 'float64' } });
  expect(nla).toContainEqual({ name: 'activation_vector', list: 'float32', length: 3 });
  expect(nla).toContainEqual({
    name: 'prompt',
    list: [
      { name: 'role', dtype: 'string' },
      { name: 'content', dtype: 'string' },
    ],
  });
});

it('has a card that says what was measured', () => {
  const source = sourceOf(threeLabels);
  exportLabels(source.folder, source, ['recodi']);
  const { body } = cardIn(source.folder);
  expect(body).toContain('Of 3 labels 2 are accepted');
  expect(body).toContain('| k1@1.result | 3 | 2 | 0.988 | 0.123 |');
  expect(body).toContain('| readable | 3 | 3 | 1.000 |');
  expect(body).toContain('| used | 0 | 3 | 0.000 |');
  expect(body).not.toContain('| follows |');
  expect(body).toContain('`c0ffee`');
});

it('does not name files without rows as data', () => {
  const source = sourceOf([labelOf('p1', null)]);
  exportLabels(source.folder, source, FORMATS);
  const { front, body } = cardIn(source.folder);
  expect(front.configs.map(({ config_name }: { config_name: string }) => config_name)).toEqual(['recodi']);
  expect(body).toContain('0 are accepted');
});

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RecodiError } from '../run/errors.ts';
import { labelOf, type Rows, writeRows } from './labels.fixture.ts';
import { LABELS_FILE, readLabels, VECTORS_FILE } from './read.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-read-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (id: string) => JSON.stringify(labelOf(id));
const around = (second: readonly number[]) => [[1, 0], second, [5, 6]];
const three: Rows = {
  lines: [line('p1'), line('p2'), line('p3')],
  vectors: around([3, 4]),
};
const written = (rows: Partial<Rows>) => {
  writeRows(folder, { ...three, ...rows });
  return readLabels(folder);
};

describe('readLabels', () => {
  it('reads what was written, vectors by row', () => {
    const latents = three.vectors.map(vector => [vector.map(x => -x)]);
    expect(written({ latents })).toMatchObject({
      labels: [labelOf('p1'), labelOf('p2'), labelOf('p3')],
      vectors: Float32Array.from([1, 0, 3, 4, 5, 6]),
      latents: Float32Array.from([-1, -0, -3, -4, -5, -6]),
      steps: 1,
      hiddenSize: 2,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      problems: [],
    });
  });

  const broken: [string, Partial<Rows>, RegExp][] = [
    ['a line that is no JSON', { lines: [line('p1'), '{"id', line('p3')] }, /:2: expected one JSON object .*\{\\"id/],
    ['an empty line', { lines: [line('p1'), '', line('p3')] }, /:2: expected one JSON object .*""/],
    ['a line that is no label', { lines: [line('p1'), '{"format":1}', line('p3')] }, /:2: no label: "id": /],
    ['an id that was there', { lines: [line('p1'), line('p1'), line('p3')] }, /:2: the id "p1:.*" stands on line 1/],
    ['a vector with NaN', { vectors: around([3, Number.NaN]) }, /:2: vectors\[1\] .*"p2:.* is NaN at 1/],
    ['an infinite latent', { latents: [[[1, 0]], [[-1 / 0, 2]], [[5, 6]]] }, /:2: latents\[1,0\] .* is -Infinity at 0/],
    ['a readout with NaN', { readouts: around([Number.NaN, 4]) }, /:2: readouts\[1\] .*"p2:.* is NaN at 0/],
    ['a vector of zeros', { vectors: around([0, -0]) }, /:2: vectors\[1\] .* is all zeros/],
    [
      'a label of two steps where the vectors are of one',
      { lines: [line('p1'), JSON.stringify({ ...labelOf('p2'), steps: [1, 2] }), line('p3')] },
      /:2: "p2:.*" is of 2 latent steps, its row .* of 1/,
    ],
  ];
  it.each(broken)('leaves out %s and says which', (_, rows, sentence) => {
    const { labels, vectors, problems } = written(rows);
    expect(labels.map(label => label.problem)).toEqual(['p1', 'p3']);
    expect([...vectors]).toEqual([1, 0, 5, 6]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
    expect(problems[0]).toMatch(/^\S*labels\.jsonl:.*left out; make the labels anew by `recodi label RUN`\.$/);
  });

  const refused: [string, () => void, RegExp][] = [
    ['vectors that are fewer than the lines', () => written({ vectors: [[1, 2]] }), /1 rows, and labels.jsonl has 3/],
    ['vectors that are more', () => written({ lines: [line('p1')] }), /3 rows, and labels.jsonl has 1 lines/],
    ['latents of another number', () => written({ latents: [[[1, 2]]] }), /expected F32 .* got \[3,2\], \[1,1,2\], /],
    [
      'latents of another width',
      () => written({ latents: three.vectors.map(() => [[1]]) }),
      /got \[3,2\], \[3,1,1\], /,
    ],
    ['readouts of another width', () => written({ readouts: [[1], [2], [3]] }), /got \[3,2\], \[3,1,2\], \[3,1\]/],
    ['readouts of another number', () => written({ readouts: [[1, 2]] }), /got \[3,2\], \[3,1,2\], \[1,2\]/],
    ['vectors of no width', () => written({ vectors: [[], [], []] }), /got \[3,0\]/],
    ['vectors that say nothing of labels', () => written({ metadata: { format: '2' } }), /metadata "format": /],
    ['vectors of another labels.jsonl', () => written({ metadata: { labels_sha256: 'ab' } }), /SHA-256 "ab", and the/],
    ['nothing but broken rows', () => written({ lines: ['', '', ''] }), /labels.jsonl:1: .* No label is left/],
    [
      'labels.jsonl with a line more, which it shows',
      () => {
        written({});
        appendFileSync(join(folder, LABELS_FILE), '{"id":"p4"}\n');
        readLabels(folder);
      },
      /of a labels.jsonl with the SHA-256 .* which has a line that is no label: "format"/,
    ],
    ...[LABELS_FILE, VECTORS_FILE].map((name): [string, () => void, RegExp] => [
      `a folder without ${name}`,
      () => {
        written({});
        rmSync(join(folder, name));
        readLabels(folder);
      },
      new RegExp(`${name}: no such file; .* \`recodi label RUN\``),
    ]),
  ];
  it.each(refused)('refuses %s', (_, read, sentence) => {
    expect(read).toThrow(RecodiError);
    expect(read).toThrow(sentence);
  });

  it('keeps exactly the sound rows, in their order, whatever is broken', () => {
    const kinds = ['sound', 'sound', 'no label', 'twice', 'NaN', 'zeros'] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 12 }), drawn => {
        const rows = ['sound' as const, ...drawn];
        const lines = rows.map((kind, i) => (kind === 'no label' ? `${i}` : line(kind === 'twice' ? 'p0' : `p${i}`)));
        const value = { NaN: Number.NaN, zeros: 0 } as Readonly<Record<string, number>>;
        const vectors = rows.map((kind, i) => [value[kind] ?? i + 1, kind === 'zeros' ? 0 : 1]);
        writeRows(folder, { lines, vectors });
        const read = readLabels(folder);
        const sound = rows.flatMap((kind, i) => (kind === 'sound' ? [i] : []));
        expect(read.labels.map(label => label.problem)).toEqual(sound.map(i => `p${i}`));
        expect([...read.vectors]).toEqual(sound.flatMap(i => vectors[i]!));
        expect(read.problems).toHaveLength(rows.length - sound.length);
      }),
      { numRuns: 50 },
    );
  });
});

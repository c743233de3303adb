/** Labels that were written and read back, as exports are made of; a tokenizer that can write a turn, and one that cannot. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tokenizer } from '../../lm/tokenizer.ts';
import { tinyLrm } from '../../lrm/tiny.fixture.ts';
import { labelOf, writeRows } from '../labels.fixture.ts';
import { readLabels } from '../read.ts';
import type { Label } from '../schema.ts';
import type { Source } from './source.ts';

/** One id per piece, where a piece is a word with the space before it, or any single character; two frame a turn. */
export function chatTokenizer(): Tokenizer {
  const pieces = ['<pad>', '<eos>'];
  const idOf = (piece: string) => {
    if (!pieces.includes(piece)) pieces.push(piece);
    return pieces.indexOf(piece);
  };
  const encode = (text: string) => (text.match(/ ?\w+| \?|./gs) ?? []).map(idOf);
  return {
    encode,
    decode: ids => ids.map(id => pieces[id]).join(''),
    applyChatTemplate: ([message]) => [idOf('<user>'), ...encode(message!.content), idOf('<assistant>')],
    vocabSize: 1000,
    padId: 0,
    eosId: 1,
    id: idOf,
    token: id => pieces[id]!,
  };
}

const { spec, tokenizer } = await tinyLrm();
/** Of the tiny model, whose vocabulary is the arithmetic world's words. */
export const wordTokenizer = tokenizer;

/** Label i with the vector [i + .1, -i, .5, …] of width d; their folder is new. */
export function sourceOf(labels: readonly Label[], d = 3): Source & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-export-'));
  const vectors = labels.map((_, i) => Array.from({ length: d }, (_, j) => [i + 0.1, -i, 0.5][j % 3]!));
  const latents = vectors.map(vector => [vector.map(x => -x)]);
  writeRows(folder, { lines: labels.map(label => JSON.stringify(label)), vectors, latents });
  const read = readLabels(folder);
  const view = { labels: labels.length, accepted: labels.filter(label => label.accepted).length };
  const fit = { fit: { intercept: 0, weights: {} }, fitted_on: 16, reliability: [] };
  return {
    folder,
    labels: read,
    calibration: {
      format: 1,
      made_by: 'b',
      labels_sha256: read.sha256,
      accept: 0.9,
      views: { 'k1@1.result': { ...view, calibration: { ...fit, brier: 0.1234, precision: 0.9876 } } },
    },
    lrm: { spec: { ...spec, model: { ...spec.model, hiddenSize: d } }, tokenizer },
    model: '../model',
    world: 'arithmetic',
  };
}

/** Three labels, the second not accepted. */
export const threeLabels = [labelOf('p1'), labelOf('p2', null), labelOf('p3', '<< 7 + 6 =')];

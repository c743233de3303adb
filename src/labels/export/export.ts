/** Writes labels in the formats that were asked for, and the cards that say what there is (card.ts). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../run/files.ts';
import { ao } from './ao.ts';
import { datasetCard } from './card.ts';
import type { Exporter } from './exporter.ts';
import { FORMATS, type Format } from './formats.ts';
import { nla } from './nla.ts';
import { recodi } from './recodi.ts';
import type { Source } from './source.ts';

const EXPORTERS: Readonly<Record<Format, Exporter>> = { recodi, ao, nla };

export interface Exports {
  readonly files: readonly string[];
  /** A sentence for each label that a format cannot hold. */
  readonly leftOut: readonly string[];
}

/** Formats that stand in the folder from before are written anew too, so that all files of a folder are of the same labels. */
export function exportLabels(folder: string, source: Source, asked: readonly Format[]): Exports {
  const wanted = FORMATS.filter(name => asked.includes(name) || existsSync(join(folder, EXPORTERS[name].files[0])));
  const written = wanted.map(name => {
    const { columns, write, ...of } = EXPORTERS[name];
    return { name, ...of, columns: columns(source.labels.hiddenSize), ...write(folder, source) };
  });
  const cards = [...new Set(written.map(({ card }) => card))];
  for (const card of cards)
    writeFileAtomic(
      join(folder, card),
      datasetCard(
        source,
        written.filter(of => of.card === card),
      ),
    );
  return {
    files: [...written.flatMap(({ files }) => files), ...cards].map(file => join(folder, file)),
    leftOut: written.flatMap(({ leftOut }) => leftOut),
  };
}

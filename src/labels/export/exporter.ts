/** What a format of exports is; a new one is a file beside this, a name in formats.ts and a line in export.ts. */
import type { Columns } from './columns.ts';
import type { Source } from './source.ts';

export interface Exporter {
  /** Paths in the folder of labels: the one that holds the rows first. */
  readonly files: readonly [rows: string, ...beside: string[]];
  /** The data set's card that speaks of them; `datasets` reads all files of one card in one way, as JSON lines or as parquet. */
  readonly card: string;
  readonly what: string;
  /** What a row holds; d is the width of the vectors. */
  columns(d: number): Columns;
  /** Writes the files. */
  write(folder: string, source: Source): Exported;
}

export interface Exported {
  readonly rows: number;
  /** A sentence for each label that the format cannot hold. */
  readonly leftOut: readonly string[];
}

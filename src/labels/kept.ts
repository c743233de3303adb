/**
 * Labels that are there already: read by the same policy and settings they are the labels that would be made again, and are exported as
 * they are. calibration.json says what made them; it is written last, so labels without it are not all there.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Bench } from '../eval/bench.ts';
import { RecodiError } from '../run/errors.ts';
import { readJson, writeJson } from '../run/files.ts';
import { type CalibrationFile, calibrationFileSchema } from './calibrated.ts';
import { madeBy } from './madeBy.ts';
import { LABELS_FILE, type Labels, readLabels } from './read.ts';

export interface Made {
  readonly labels: Labels;
  readonly calibration: CalibrationFile;
}

type Run = Pick<Bench, 'config' | 'paths' | 'trained'>;

export const calibrationPath = ({ paths }: Pick<Run, 'paths'>) => join(paths.labels, 'calibration.json');

export function keepCalibration(run: Run, of: Pick<CalibrationFile, 'labels_sha256' | 'views'>): CalibrationFile {
  const file = { format: 1 as const, made_by: madeBy(run), accept: run.config.labels.accept, ...of };
  writeJson(calibrationPath(run), file);
  return file;
}

/** undefined where labels are to be made; `note` hears what becomes of those that are there. */
export function keptLabels(run: Run, note: (line: string) => void): Made | undefined {
  const { labels: folder } = run.paths;
  if (!existsSync(join(folder, LABELS_FILE))) return undefined;
  const made = notRefused(() => ({
    calibration: readJson(calibrationPath(run), calibrationFileSchema),
    labels: readLabels(folder),
  }));
  const same = made?.calibration.made_by === madeBy(run) && made.calibration.labels_sha256 === made.labels.sha256;
  const shown = relative('.', folder);
  note(
    same
      ? `${shown}: made before by this policy and these settings, and not read again; remove the folder to have them made anew.`
      : `${shown}: of another policy or other settings, or changed since; they are made anew.`,
  );
  return same ? made : undefined;
}

/** undefined where the files are not what they should be. */
function notRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof RecodiError) return undefined;
    throw thrown;
  }
}

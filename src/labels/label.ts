/**
 * `recodi label`: reads every view of the problems that `config.labels` names and writes what it finds.
 *
 *   labels/labels.jsonl          one label per problem and view (schema.ts)
 *   labels/vectors.safetensors   the same rows: `vectors` [n,d] as they were read, `latents` [n,K,d] as the model had them,
 *                                `readouts` [n,d] the states that the explanations leave
 *   labels/calibration.json      how probably a reading is right, and how well that held for these labels
 *   labels/…                     the exports (export/)
 *
 * The exports are made of these files and of nothing else. Labels that this policy made by these settings are exported and not read
 * again (kept.ts); others are made first (make.ts).
 */
import { relative } from 'node:path';
import type { Bench } from '../eval/bench.ts';
import type { ViewSummary } from './calibrated.ts';
import { exportLabels } from './export/export.ts';
import { DEFAULT_FORMATS, type Format } from './export/formats.ts';
import { calibrationPath, keptLabels } from './kept.ts';
import { makeLabels } from './make.ts';

export interface LabelSummary {
  readonly labels: number;
  readonly accepted: number;
  readonly views: Readonly<Record<string, ViewSummary>>;
  readonly files: readonly string[];
}

export async function labelRun(bench: Bench, formats: readonly Format[] = DEFAULT_FORMATS): Promise<LabelSummary> {
  const { config, client, paths, progress } = bench;
  const { labels, calibration } = keptLabels(bench, line => progress.note(line)) ?? (await makeLabels(bench));
  for (const problem of labels.problems) progress.note(problem);
  const source = {
    labels,
    calibration,
    lrm: client.lrm,
    model: relative(paths.folder, config.lrm),
    world: config.world.kind,
  };
  const { files, leftOut } = exportLabels(paths.labels, source, formats);
  for (const sentence of leftOut) progress.note(sentence);
  return {
    labels: labels.labels.length,
    accepted: labels.labels.filter(label => label.accepted).length,
    views: calibration.views,
    files: [...files, calibrationPath(bench)],
  };
}

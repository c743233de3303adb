/**
 * The library: what a program needs that reads runs, checks configs, or brings its own problems. The work itself is
 * started from the command line (`recodi --help`).
 */
export { type Labels, readLabels } from './labels/read.ts';
export { type Label, labelSchema } from './labels/schema.ts';
export { type TrainConfig, trainConfigSchema } from './rl/config.ts';
export { loadConfig } from './run/config/load.ts';
export { type ErrorCode, RecodiError } from './run/errors.ts';
export { readJsonl } from './run/jsonl.ts';
export { METRICS, type MetricRow, metricRow } from './run/metrics.ts';
export { openRun, type RunPaths, runPaths } from './run/paths.ts';
export { openSafetensors, type Safetensors } from './tensor/safetensors.ts';
export { createWorld, type WorldConfig } from './worlds/index.ts';
export type { Problem, ProblemRequest, Split, Step, World } from './worlds/problem.ts';

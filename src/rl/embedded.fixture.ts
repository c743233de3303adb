/** For tests: how runs on the embedded model and its embedded warm start are asked for, and nobody to tell of their progress. */
import type { Progress } from '../run/progress.ts';

const embedded = (name: string) => new URL(`../../models/${name}`, import.meta.url).pathname;

/** The results of its chains, read without the question, each translated. */
export const EMBEDDED = {
  lrm: embedded('arithmetic'),
  targets: { space: 'translated', anchors: ['result'], context: 'none' },
  reward: { whitening: 'residual' },
  policy: { init: embedded('arithmetic-warm-start') },
} as const;

export const quiet: Progress = { stage() {}, update() {}, note() {}, close() {} };

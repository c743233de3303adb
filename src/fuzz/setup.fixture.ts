/** For `npm run test:fuzz`: how many inputs, drawn from vitest's own seed, which is the time or `--sequence.seed`. */
import type { TestProject } from 'vitest/node';

export default function setup(project: TestProject): void {
  project.provide('fuzz', { runs: 10_000, seed: project.config.sequence.seed });
}

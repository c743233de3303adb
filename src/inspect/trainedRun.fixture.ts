/** For tests of what the inspector computes: the embedded model with its warm start as the policy, two of its problems labelled, as a run folder. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../eval/bench.ts';
import { embeddedBench } from '../eval/embedded.fixture.ts';
import { type Inversion, invertQuestions } from '../eval/invert.ts';
import { assembleLabel } from '../labels/assemble.ts';
import { beside } from '../labels/reading.fixture.ts';
import { policyFolder } from '../rl/policyFiles.ts';
import { formatJsonl, type JsonRecord } from '../run/jsonl.ts';
import type { RunPaths } from '../run/paths.ts';
import type { Problem } from '../worlds/problem.ts';

export interface TrainedRun {
  readonly bench: Bench;
  readonly paths: RunPaths;
  /** That are labelled. */
  readonly problems: readonly Problem[];
  /** What `recodi invert` says of them. */
  readonly inversions: readonly Inversion[];
}

/** Needs a device. */
export async function trainedRun(): Promise<TrainedRun> {
  const bench = await embeddedBench();
  const { config, paths, sets, views, client, world } = bench;
  for (const which of ['policy', 'warm_start'] as const)
    cpSync(config.policy.init!, policyFolder(paths, which), { recursive: true });
  const problems = sets.get('test')!.problems.slice(0, 2);
  const inversions = await invertQuestions(
    bench,
    problems.map(({ question }) => question),
  );
  const labels = views.views.flatMap((view, v) =>
    problems.map((problem, i) => {
      const { answer, decode, views: read } = inversions[i]!;
      const { causal, lens, ...reading } = read[v]!;
      return assembleLabel({
        problem,
        view,
        reading,
        beside,
        probability: null,
        accept: config.labels.accept,
        causal,
        lens,
        answers: { latent: answer, gold: client.lrm.tokenizer.token(client.lrm.tokenizer.encode(problem.answer)[0]!) },
        equations: world.equations,
        provenance: { run: config.name, config_sha256: '', recodi: '', decode, reward: config.reward.kind },
      });
    }),
  );
  mkdirSync(paths.labels);
  writeFileSync(join(paths.labels, 'labels.jsonl'), formatJsonl(labels as readonly JsonRecord[]));
  return { bench, paths, problems, inversions };
}

/**
 * Targets on disk: `targets.safetensors` (states [P,N+1,d] per split, in the final-norm space, raw; lens tokens, and for
 * held-out problems the causal scores) and `targets.jsonl`, one line per problem in the same order, with its answer.
 * What is read is held against the model that is to use it: a state of another problem or width would be inverted in
 * all earnest.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { RecodiError, show } from '../run/errors.ts';
import { writeFileAtomic } from '../run/files.ts';
import { formatJsonl, readJsonl } from '../run/jsonl.ts';
import { openSafetensors, type Safetensors, type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import type { Split } from '../worlds/problem.ts';
import type { LrmClient } from './client.ts';
import { type Kind, perIntervention, type Site } from './interventions.ts';
import { LENS_TOP } from './runtime.ts';
import type { TargetSet } from './targets.ts';

export interface TargetFiles {
  readonly tensors: string;
  readonly lines: string;
}

/** Writes the sets as one safetensors file and one JSONL file. */
export function saveTargets(files: TargetFiles, { lrm }: Pick<LrmClient, 'lrm'>, sets: readonly TargetSet[]): void {
  const { spec, tokenizer } = lrm;
  const count = spec.latents + 1;
  const tensors: Record<string, TensorToWrite> = {};
  const lines: Record<string, unknown>[] = [];
  for (const set of sets) {
    const p = set.problems.length;
    tensors[`${set.split}.states`] = { dtype: 'F32', shape: [p, count, spec.model.hiddenSize], data: set.states };
    tensors[`${set.split}.lens`] = { dtype: 'I32', shape: [p, count, LENS_TOP], data: set.lens };
    const { causal } = set;
    if (causal)
      perIntervention((site, kind) => {
        tensors[`${set.split}.${causalName(site, kind)}`] = {
          dtype: 'F32',
          shape: [p, count],
          data: causal[site][kind],
        };
      });
    set.problems.forEach((problem, i) => {
      lines.push({ ...problem, split: set.split, row: i, lrm_answer: tokenizer.token(set.answers[i]!) });
    });
  }
  writeSafetensors(files.tensors, tensors, { space: 'final_norm', format: '1' });
  writeFileAtomic(files.lines, formatJsonl(lines));
}

const causalName = (site: Site, kind: Kind) => `causal.${site}.${kind}`;

const lineSchema = z.looseObject({
  id: z.string(),
  question: z.string(),
  steps: z.array(
    z.looseObject({
      text: z.string(),
      operands: z.array(z.number()).exactOptional(),
      operation: z.string().exactOptional(),
      result: z.string().exactOptional(),
    }),
  ),
  answer: z.string(),
  split: z.enum(['train', 'validation', 'test']),
  /** Its place among the problems of its split. */
  row: z.int().min(0),
  lrm_answer: z.string(),
});
type Line = z.infer<typeof lineSchema>;

/** The lines by split, in order. */
function readLines(path: string): Map<Split, Line[]> {
  const bySplit = new Map<Split, Line[]>();
  readJsonl(path).forEach((record, i) => {
    const { data: line, error } = lineSchema.safeParse(record);
    if (!line) {
      const [issue] = error.issues;
      const what = `${issue?.path.join('.') || 'the line'}: ${issue?.message}`;
      throw new RecodiError('input', `${path}:${i + 1}: ${what}. Collect the targets again.`);
    }
    const list = bySplit.get(line.split) ?? [];
    list.push(line);
    bySplit.set(line.split, list);
  });
  return bySplit;
}

const refusal = (what: string) => new RecodiError('input', `${what}. Collect the targets again.`);

/** Undoes `saveTargets`. @throws RecodiError('input') where the two files do not belong together, or to another model. */
export function loadTargets(files: TargetFiles, { lrm }: Pick<LrmClient, 'lrm'>): Map<Split, TargetSet> {
  if (!existsSync(files.lines))
    throw new RecodiError('input', `${files.lines}: no such file; \`recodi train\` collects targets first.`);
  const tensors = openSafetensors(files.tensors);
  const lines = readLines(files.lines);
  for (const split of ['train', 'validation', 'test'] as const) {
    const rows = tensors.tensors.get(`${split}.states`)?.shape[0];
    const problems = lines.get(split)?.length;
    if (rows !== problems)
      throw refusal(
        `${files.tensors}: ${split}.states has ${rows ?? 'no'} rows, ${files.lines} has ${problems ?? 'no'} ${split} problems; the two are not of one run`,
      );
  }
  return new Map([...lines].map(([split, problems]) => [split, loadSet(files, tensors, lrm, split, problems)]));
}

function loadSet(
  files: TargetFiles,
  tensors: Safetensors,
  { spec, tokenizer }: LrmClient['lrm'],
  split: Split,
  problems: readonly Line[],
): TargetSet {
  const moved = problems.findIndex(({ row }, i) => row !== i);
  if (moved >= 0)
    throw refusal(
      `${files.lines}: the ${split} problems are not in their order: row ${problems[moved]!.row} stands where ${moved} was expected`,
    );
  const read = (part: string, ...inner: number[]) => {
    const name = `${split}.${part}`;
    const shape = [problems.length, spec.latents + 1, ...inner].join();
    const found = tensors.tensors.get(name)?.shape;
    if (!found || found.join() === shape) return tensors.read(name);
    throw refusal(`${files.tensors}: ${name} has the shape ${show(found)}, this run's model asks for [${shape}]`);
  };
  const lens = Int32Array.from(read('lens', LENS_TOP));
  const strange = lens.find(id => id < 0 || id >= tokenizer.vocabSize);
  if (strange !== undefined)
    throw refusal(`${files.tensors}: ${split}.lens holds ${strange}, the model has ${tokenizer.vocabSize} tokens`);
  return {
    split,
    problems,
    states: read('states', spec.model.hiddenSize),
    answers: Int32Array.from(problems, problem => tokenizer.id(problem.lrm_answer)),
    lens,
    ...(tensors.tensors.has(`${split}.${causalName('input', 'swap')}`) && {
      causal: perIntervention((site, kind) => read(causalName(site, kind))),
    }),
  };
}

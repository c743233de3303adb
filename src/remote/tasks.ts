/**
 * The tasks that another machine may be asked for, by names that do not depend on where recodi lies, and the fields of their
 * inputs that are paths. Nothing else can be asked for: a worker looks a name up here and imports what stands here. Tasks
 * that are not listed (the fit of a translator) stay with the trainer.
 */
import { answerTask, causalTask, readTask, thinkTask, writeTask } from '../lrm/tasks.ts';
import { ppoTask } from '../rl/ppoTask.ts';
import { warmStartTask } from '../rl/warmStartTask.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import { likelihoodTask } from '../rollout/score.ts';
import type { TaskRef } from '../tensor/task.ts';

export interface RemoteTask {
  readonly task: Pick<TaskRef<unknown, unknown>, 'module' | 'name'>;
  /** Fields of the input that hold paths, as `environment.views`. */
  readonly paths: readonly string[];
}

export type RemoteTasks = Readonly<Record<string, RemoteTask>>;

export const REMOTE_TASKS: RemoteTasks = {
  'lrm.think': { task: thinkTask, paths: ['folder'] },
  'lrm.causal': { task: causalTask, paths: ['folder'] },
  'lrm.read': { task: readTask, paths: ['folder'] },
  'lrm.write': { task: writeTask, paths: ['folder'] },
  'lrm.answer': { task: answerTask, paths: ['folder'] },
  'warm_start.gradient': { task: warmStartTask, paths: ['policy.baseFile'] },
  'ppo.rollout': {
    task: rolloutTask,
    paths: ['policy.baseFile', 'tokenizer', 'environment.lrm', 'environment.views'],
  },
  'ppo.gradient': { task: ppoTask, paths: ['policy.baseFile'] },
  'policy.likelihood': { task: likelihoodTask, paths: ['policy.baseFile'] },
};

/** The public name of a task, or undefined where it stays with the trainer. */
export function remoteName(tasks: RemoteTasks, { module, name }: RemoteTask['task']): string | undefined {
  return Object.keys(tasks).find(key => tasks[key]!.task.module === module && tasks[key]!.task.name === name);
}

/** The text at a field, or undefined where the input has none. */
export function pathAt(input: unknown, field: string): string | undefined {
  const found = field.split('.').reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), input);
  return typeof found === 'string' ? found : undefined;
}

/** A copy of `input` with another text at a field; nothing else is copied. */
export function withPath(input: unknown, field: string, path: string): unknown {
  const [key = '', ...rest] = field.split('.');
  if (!isRecord(input)) return input;
  return { ...input, [key]: rest.length === 0 ? path : withPath(input[key], rest.join('.'), path) };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

/**
 * Problem files that users bring: one JSON array or JSON Lines of `{question, steps, answer}`, for the world in
 * `list.ts`. A file is read whole or refused with the first line that is wrong; nothing is guessed, skipped or
 * repaired. A problem without a split gets one from its question's text, so the same question is never on both sides.
 */
import { z } from 'zod';
import { RecodiError, show } from '../run/errors.ts';
import { readText } from '../run/files.ts';
import { readStep } from './notation.ts';
import type { Problem, Split, Step } from './problem.ts';
import { type LocatedValue, readValues } from './records.ts';
import { splitOf, textId } from './split.ts';

const FILE_LIMIT = 256 * 2 ** 20;
const TEXT_LIMIT = 20_000;
const STEPS_LIMIT = 256;

const text = z.string().trim().min(1).max(TEXT_LIMIT);
const textOrNumber = z.union([text, z.number().transform(String)], {
  error: issue => `expected a text or a number, got ${show(issue.input)}`,
});

const stepSchema = z.union(
  [
    text.transform(readStep),
    z
      .strictObject({
        text,
        operands: z.array(z.number()).min(1).exactOptional(),
        operation: text.exactOptional(),
        result: textOrNumber.exactOptional(),
      })
      .transform((given): Step => ({ ...readStep(given.text), ...given })),
  ],
  { error: issue => `expected a text or {text, operands?, operation?, result?}, got ${show(issue.input)}` },
);

const problemSchema = z.object({
  question: text,
  steps: z.array(stepSchema).min(1).max(STEPS_LIMIT),
  answer: textOrNumber,
  id: textOrNumber.exactOptional(),
  split: z.enum(['train', 'validation', 'test']).exactOptional(),
});
type Row = z.infer<typeof problemSchema>;

const SHAPE = 'a problem is {question, steps: [text or {text, operands?, operation?, result?}], answer, id?, split?}';

const refuse = (where: string, what: string, advice = SHAPE) =>
  new RecodiError('input', `${where}: ${what}; ${advice}.`);

/** How a key reads without case, plural and punctuation: `Steps`, `step` and `steps` are one. */
const plainKey = (key: string) =>
  key
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/s$/, '');

const OWN_KEYS = new Map(Object.keys(problemSchema.shape).map(key => [plainKey(key), key]));

/** Other keys are the user's own and welcome, but not one that is evidently meant to be ours. */
function refuseNearKeys(value: object, where: string): void {
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(problemSchema.shape, key)) continue;
    const meant = OWN_KEYS.get(plainKey(key));
    if (meant !== undefined && !Object.hasOwn(value, meant)) {
      throw refuse(where, `unknown key ${show(key)}, did you mean "${meant}"?`);
    }
  }
}

/** Of a value that fits none of several forms: what is wrong inside of the form that it came nearest to, if any. */
function innermost(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flat()
    .map(innermost)
    .find(({ path }) => path.length > 0);
  return inner ? { path: [...issue.path, ...inner.path], message: inner.message } : issue;
}

function checkRow({ value }: LocatedValue, where: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(where, `expected an object, got ${show(value)}`);
  }
  refuseNearKeys(value, where);
  const parsed = problemSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = innermost(parsed.error.issues[0] as z.core.$ZodIssue);
  const key = path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`));
  throw refuse(where, `${key.join('')}: ${message.replace(/^Invalid input: /, '')}`);
}

function checkResults(steps: readonly Step[], where: string): void {
  steps.forEach((step, i) => {
    if (step.result === undefined || step.text.includes(step.result)) return;
    const what = `steps[${i}].result is ${show(step.result)}, which its text does not contain`;
    throw refuse(where, what, 'write the result as it stands in the text, or leave it out');
  });
}

/** A file, and the split of all its problems where the file is for one split only. */
export interface ProblemFile {
  readonly path: string;
  readonly split?: Split;
}

interface LocatedRow {
  readonly where: string;
  readonly row: Row;
  readonly split: Split;
}

/** One file's rows, checked one by one. */
function readRows({ path, split }: ProblemFile): LocatedRow[] {
  const content = readText(path, FILE_LIMIT).replace(/^\uFEFF/, '');
  const broken = content.indexOf('\uFFFD');
  if (broken >= 0) {
    const line = content.slice(0, broken).split('\n').length;
    throw refuse(`${path}:${line}`, 'expected UTF-8 text, got bytes that are none', 'save the file as UTF-8');
  }
  const rows: LocatedRow[] = [];
  for (const located of readValues(content, path)) {
    const where = `${path}:${located.line}`;
    const row = checkRow(located, where);
    checkResults(row.steps, where);
    if (split && row.split && row.split !== split) {
      throw refuse(where, `the split is "${row.split}" in the file of the ${split} problems`, 'correct one of the two');
    }
    rows.push({ where, row, split: split ?? row.split ?? splitOf(questionKey(row.question)) });
  }
  if (rows.length === 0) throw refuse(path, 'expected problems, got an empty file');
  return rows;
}

const questionKey = (question: string) => question.replace(/\s+/g, ' ');

/** All problems of the files, in their order. @throws RecodiError('input') with path and line for the first that is wrong. */
export function readProblems(files: readonly ProblemFile[]): Problem[] {
  const rows = files.flatMap(readRows);
  const ids = new Map<string, string>();
  const questions = new Map<string, { where: string; split: Split }>();
  for (const { where, row, split } of rows) {
    const twin = questions.get(questionKey(row.question));
    if (twin && twin.split !== split) {
      const what = `the question is in the ${split} split here and in the ${twin.split} split at ${twin.where}`;
      throw refuse(where, what, 'remove one: held-out problems must not be trained on');
    }
    questions.set(questionKey(row.question), twin ?? { where, split });
    if (row.id === undefined) continue;
    const first = ids.get(row.id);
    if (first)
      throw refuse(
        where,
        `the id ${show(row.id)} is taken by ${first}`,
        'give every problem an id of its own, or none',
      );
    ids.set(row.id, where);
  }
  const seen = new Map<string, number>();
  return rows.map(({ row, split }) => {
    const id = row.id ?? nextId(textId(questionKey(row.question)), seen, ids);
    return { id, question: row.question, steps: row.steps, answer: row.answer, split };
  });
}

/** The name itself the first time, numbered from 2 after that: the same question may come more than once. */
function nextId(name: string, seen: Map<string, number>, taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    const id = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(id)) return id;
  }
}

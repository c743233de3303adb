/** Answers of an oracle to lists of questions, in chunks on the pool. */
import { inChunks } from '../lrm/client.ts';
import type { Pool } from '../tensor/pool.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import type { FactSet } from './collect.ts';
import { answersTask } from './oracleTasks.ts';
import type { PromptRow } from './prompt.ts';
import { promptRow, type Question, type Teller } from './rows.ts';

const CHUNK = 64;

export interface Answering {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly teller: Teller;
  readonly params: SharedFloats;
  readonly maxNewTokens: number;
}

/** Answers to rows, as texts. They are computed in the order of their lengths, so that little is padded. */
export async function answerRows(
  { pool, signal, teller, params, maxNewTokens }: Answering,
  rows: readonly PromptRow[],
  onProgress?: (done: number) => void,
): Promise<string[]> {
  const order = rows.map((_, i) => i).sort((a, b) => rows[a]!.ids.length - rows[b]!.ids.length);
  const parts = await inChunks(
    order.map(i => rows[i]!),
    CHUNK,
    chunk => pool.run(answersTask, { params, oracle: teller.oracle, rows: chunk, maxNewTokens }, { signal }),
    onProgress,
  );
  const texts = new Array<string>(rows.length);
  const found = parts.flat();
  order.forEach((row, i) => {
    texts[row] = teller.tokenizer.decode(found[i]!, { skipSpecial: true }).trim();
  });
  return texts;
}

/** Answers to questions about the thoughts of a set; `whose` says whose vectors are shown for each, its own problem's by default. */
export function answerAll(
  answering: Answering & { readonly set: FactSet },
  questions: readonly Question[],
  { whose, onProgress }: { readonly whose?: readonly number[]; readonly onProgress?: (done: number) => void } = {},
): Promise<string[]> {
  const rows = questions.map((question, i) => promptRow(answering.teller, answering.set, question, whose?.[i]));
  return answerRows(answering, rows, onProgress);
}

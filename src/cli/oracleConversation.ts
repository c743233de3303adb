/** The interactive mode of `recodi oracle ask`: a question a line, and commands that say about which thought. */
import { createInterface } from 'node:readline';
import type { AskableOracle } from '../oracle/ask.ts';
import { RecodiError } from '../run/errors.ts';
import { formatAnswer } from './oracleText.ts';

export interface Conversation {
  readonly oracle: AskableOracle;
  readonly problem: string;
  readonly steps: readonly number[];
  readonly signal: AbortSignal;
}

const HELP = `A line is a question. :problem ID and :step K [K …] choose the thought, :quit or Ctrl-D ends.`;

export async function converse({ oracle, signal, ...start }: Conversation): Promise<void> {
  let { problem, steps } = start;
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal, prompt: '? ' });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop);
  process.stderr.write(`${HELP}\nproblem ${problem}, steps ${steps.join(' ')}\n`);
  try {
    if (terminal) lines.prompt();
    for await (const line of lines) {
      const [first = '', ...rest] = line.trim().split(/\s+/);
      if (first === ':quit') break;
      if (first === ':problem' && rest[0]) problem = rest[0];
      else if (first === ':step' && rest.every(k => /^\d+$/.test(k))) steps = rest.map(Number);
      else if (first.startsWith(':')) process.stderr.write(`${HELP}\n`);
      else if (first !== '') await answer({ problem, steps, question: line.trim() });
      if (signal.aborted) break;
      if (terminal) lines.prompt();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }

  async function answer(asked: Parameters<AskableOracle['ask']>[0]) {
    try {
      process.stdout.write(`${formatAnswer(await oracle.ask(asked, signal))}\n`);
    } catch (thrown) {
      // What one may have typed wrongly ends nothing.
      if (!(thrown instanceof RecodiError) || thrown.code !== 'usage') throw thrown;
      process.stderr.write(`${thrown.message}\n`);
    }
  }
}

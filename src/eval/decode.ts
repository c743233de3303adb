/**
 * Decoding: from target vectors to texts. Every way to find a text goes through here, and is used alike by the table, by labels
 * and by `invert`. Proposals come from the policy, from the bank and, in a chain, from the language of the world; the reward
 * only ranks them, and what the reference would not write is refused. There is no search up the reward: free edits find texts
 * that score above the gold text and say something else.
 */
import type { Decode } from '../rl/decodes.ts';
import type { Bank } from './bank.ts';
import type { Bench } from './bench.ts';
import { type Candidate, propose, rank, writeTexts } from './candidates.ts';
import { type ChainTask, readChain } from './chain.ts';
import { supported } from './support.ts';

/** The texts that a way of decoding finds for targets, best first; none where the reference would write none of them. */
export async function decode(bench: Bench, how: Decode, task: ChainTask, bank: Bank): Promise<Candidate[][]> {
  if (how === 'greedy') return rank(bench, task, await writeTexts(bench, task, { params: bench.trained, count: 1 }));
  if (how === 'chain') {
    const chains = await readChain(bench, task, bank);
    return chains.map(list => list.map(({ text, similarity }) => ({ text, similarity })));
  }
  return rank(bench, task, await supported(bench, await propose(bench, task, how === 'retrieve' ? bank : undefined)));
}

/** An oracle ready to be asked about the thoughts of a run's problems. */

import { type Preparation, type Prepared, prepare } from '../rl/prepare.ts';
import { RecodiError, show } from '../run/errors.ts';
import type { Pool } from '../tensor/pool.ts';
import { createShared } from '../tensor/shared.ts';
import type { Split } from '../worlds/problem.ts';
import { answerRows } from './answer.ts';
import type { OracleConfig } from './config.ts';
import { loadOracle, makeOracle } from './folder.ts';
import { injected, promptTokens } from './prompt.ts';

export interface Asked {
  readonly problem: string;
  /** Latent steps whose vectors are shown, in order; 0 is the state at `<bot>`. */
  readonly steps: readonly number[];
  readonly question: string;
}

export interface Answered extends Asked {
  readonly answer: string;
  /** To the same question about the same steps of another problem's thought: an answer that is no other says nothing of this one. */
  readonly shuffled: { readonly problem: string; readonly answer: string };
}

export interface AskableOracle {
  readonly prepared: Prepared;
  ask(asked: Asked, signal: AbortSignal): Promise<Answered>;
}

/** @throws RecodiError('input') where the oracle is not of the run's latents. `known`: the run, where it is prepared already. */
export async function openOracle(
  config: OracleConfig,
  folder: string,
  of: Preparation,
  known?: Prepared,
): Promise<AskableOracle> {
  const prepared = known ?? (await prepare(of));
  const { spec } = prepared.client.lrm;
  const { layers, hiddenSize: targetSize } = spec.model;
  const oracle = await makeOracle(folder, config, { model: config.model ?? of.config.lrm, targetSize, layers });
  const { params, statistics } = loadOracle(folder, oracle);
  const shared = createShared('oracle.asked', params);
  const count = spec.latents + 1;
  const teller = { oracle: oracle.spec, tokenizer: oracle.tokenizer, statistics, count };
  const own = statistics.get(layers);
  if (!own)
    throw new RecodiError(
      'input',
      `${folder}: the oracle was trained on vectors of layers ${[...statistics.keys()].join(', ')}, and latents of this run are of layer ${layers}; ask it about the run that it was trained on.`,
    );
  return {
    prepared,
    async ask(asked, signal) {
      const found = problemNamed(prepared, asked.problem);
      const beyond = asked.steps.find(k => k < 0 || k >= count);
      if (beyond !== undefined || asked.steps.length === 0)
        throw new RecodiError('usage', `step ${beyond ?? 'none'}: expected steps from 0 to ${spec.latents}.`);
      checkWords(oracle.tokenizer.encode(asked.question), asked.question, oracle.tokenizer.token);
      const others = prepared.sets.get(found.split)!.problems;
      const other = (found.row + Math.ceil(others.length / 2)) % others.length;
      const rows = [found.row, other].map(row => {
        const { states } = prepared.sets.get(found.split)!;
        const d = targetSize;
        const vectors = new Float32Array(asked.steps.length * d);
        asked.steps.forEach((k, i) => {
          vectors.set(states.subarray((row * count + k) * d, (row * count + k + 1) * d), i * d);
        });
        const tokens = promptTokens(oracle.tokenizer, {
          layer: layers,
          vectors: asked.steps.length,
          question: asked.question,
        });
        return { ...tokens, vectors: injected(oracle.spec, vectors, own) };
      });
      const [answer, shuffled] = await answerRows(
        { pool: of.pool as Pool, signal, teller, params: shared, maxNewTokens: config.max_new_tokens },
        rows,
      );
      return { ...asked, answer: answer!, shuffled: { problem: others[other]!.id, answer: shuffled! } };
    },
  };
}

function problemNamed({ sets }: Prepared, id: string): { readonly split: Split; readonly row: number } {
  for (const [split, { problems }] of sets) {
    const row = problems.findIndex(problem => problem.id === id);
    if (row >= 0) return { split, row };
  }
  const first = sets.get('test')?.problems[0]?.id;
  throw new RecodiError(
    'usage',
    `no problem ${show(id)} in the run; its ids are in targets.jsonl, as ${show(first)}, and the inspector shows them.`,
  );
}

/** @throws RecodiError('usage') for a question of which a vocabulary of words knows nothing. */
function checkWords(ids: readonly number[], question: string, token: (id: number) => string): void {
  if (ids.length === 0) throw new RecodiError('usage', 'expected a question, got none.');
  const unknown = ids.filter(id => token(id) === '<unk>').length;
  if (unknown === ids.length)
    throw new RecodiError(
      'usage',
      `${show(question)}: the oracle knows none of its words; it has a vocabulary of words, and a word is what lies between spaces: write "here ?", not "here?".`,
    );
}

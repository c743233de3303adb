/**
 * What a latent-reasoning model can do, in one table: accuracy with 0…N latent steps, with an explicit chain, with the empty
 * wrapper and without any thought, and what the logit lens shows at each state.
 */
import type { Problem, World } from '../worlds/problem.ts';
import type { LrmClient, Progress } from './client.ts';
import { LENS_TOP } from './runtime.ts';

export interface LrmEvaluation {
  readonly problems: number;
  /** Accuracy with n = 0…N latent steps; n = 0 is the empty wrapper `<bot> <eot>`. */
  readonly latent_accuracy: readonly number[];
  /** The question, then the answer prefix, nothing between. */
  readonly no_thought_accuracy: number;
  readonly cot_accuracy: number;
  /** Share of explicit chains that are the gold chain. */
  readonly cot_exact: number;
  /** Per state 0…N and gold step: share of problems whose step result is the lens's first token. */
  readonly lens: readonly {
    readonly state: number;
    readonly results: readonly number[];
    readonly top: readonly (readonly [string, number])[];
  }[];
}

const LONGEST_CHAIN = 64;

export async function evaluateLrm(
  client: LrmClient,
  world: World,
  problems: readonly Problem[],
  onProgress?: Progress,
): Promise<LrmEvaluation> {
  const { spec, tokenizer } = client.lrm;
  const questions = problems.map(p => tokenizer.encode(p.question));
  const answers = problems.map(p => tokenizer.encode(p.answer)[0]);
  const accuracy = (given: ArrayLike<number | undefined>) => share(problems, i => given[i] === answers[i]);
  const stages = spec.latents + 3;
  let stage = 0;
  const next = () => onProgress?.(++stage, stages);

  const latentAccuracy: number[] = [];
  let thoughts = await client.think(questions, { steps: 0 });
  for (let steps = 0; steps <= spec.latents; steps++) {
    thoughts = steps === 0 ? thoughts : await client.think(questions, { steps });
    latentAccuracy.push(accuracy(thoughts.answers));
    next();
  }
  const direct = await client.answers(questions);
  next();
  const chains = await explicitChains(client, questions);
  next();
  const gold = problems.map(p => tokenizer.encode(world.chain(p).join(' ')));
  return {
    problems: problems.length,
    latent_accuracy: latentAccuracy,
    no_thought_accuracy: accuracy(direct),
    cot_accuracy: accuracy(chains.map(c => c.answer)),
    cot_exact: share(problems, i => chains[i]!.chain.join() === gold[i]!.join()),
    lens: Array.from({ length: spec.latents + 1 }, (_, state) => lensOf(state)),
  };

  function lensOf(state: number) {
    const first = problems.map((_, i) => thoughts.lens[(i * (spec.latents + 1) + state) * LENS_TOP]!);
    const steps = Math.max(...problems.map(p => p.steps.length));
    const results = Array.from({ length: steps }, (_, j) => {
      const having = problems.map((p, i) => ({ result: p.steps[j]?.result, i })).filter(x => x.result !== undefined);
      return having.length ? share(having, n => tokenizer.encode(having[n]!.result!)[0] === first[having[n]!.i]) : 0;
    });
    const counts = new Map<string, number>();
    for (const id of first) counts.set(tokenizer.token(id), (counts.get(tokenizer.token(id)) ?? 0) + 1);
    const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3);
    return { state, results, top: top.map(([token, n]) => [token, n / problems.length] as const) };
  }
}

export interface ExplicitChain {
  /** The chain's tokens, up to the answer prefix. */
  readonly chain: readonly number[];
  readonly answer: number | undefined;
}

/** The chains that the model itself writes, greedily, for questions. */
export async function explicitChains(
  client: LrmClient,
  questions: readonly (readonly number[])[],
  onProgress?: Progress,
): Promise<ExplicitChain[]> {
  const { spec } = client.lrm;
  const prefix = spec.answerPrefix;
  const written = await client.write(questions, {
    stop: [spec.eosId],
    maxNewTokens: LONGEST_CHAIN,
    ...(onProgress && { onProgress }),
  });
  return written.map(({ tokens }) => {
    const at = tokens.findIndex((_, i) => prefix.every((id, j) => tokens[i + j] === id));
    if (at < 0) return { chain: tokens.filter(id => id !== spec.eosId), answer: undefined };
    return { chain: tokens.slice(0, at), answer: tokens[at + prefix.length] };
  });
}

function share<T>(items: readonly T[], holds: (i: number) => boolean): number {
  return items.filter((_, i) => holds(i)).length / Math.max(1, items.length);
}

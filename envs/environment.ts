/**
 * What an environment is: it scores completions, and nothing else. It runs in the workers beside the policy, is made there
 * from a plain description, and must not depend on which completions share its batch.
 */

/** What the policy wrote for one target. `T` is the environment's own kind of target. */
export interface Completion<T> {
  readonly target: T;
  /** Token ids without the stop token. */
  readonly tokens: readonly number[];
  readonly text: string;
  /** Whether the policy ended the text itself, rather than being cut off. */
  readonly ended: boolean;
}

/** The reward and what it is made of; terms become metrics `rewards/<name>`. */
export interface Score {
  readonly reward: number;
  readonly terms: Readonly<Record<string, number>>;
}

export interface Environment<T> {
  readonly name: string;
  /** One score per completion, in order. */
  score(batch: readonly Completion<T>[]): Promise<Score[]>;
}

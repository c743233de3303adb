/**
 * How large the benchmarks are. `full` is what the quickstart computes with: a policy and a latent-reasoning model of 0.9 M
 * parameters, 64 problems and 4 texts of each per update. `tiny` measures nothing: it shows in seconds that every case runs.
 */
export interface Size {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  /** Most tokens of a text, the end token included. */
  readonly tokens: number;
  /** Most tokens of a question; the shortest has a quarter less. */
  readonly question: number;
  /** Of an update, and of the reading case: problems, and texts of each. */
  readonly problems: number;
  readonly samples: number;
  /** Rollouts per optimiser step, per gradient task, and per rollout task. */
  readonly minibatch: number;
  readonly micro: number;
  readonly epochs: number;
  /** Rows of the gradient case, and of latent-reasoning training. */
  readonly gradientRows: number;
  readonly lrmRows: number;
  /** Texts written at once. */
  readonly batches: readonly number[];
  /** Rows and columns of the matrices by which the machine's peak is measured. */
  readonly peak: number;
}

export const SIZES = {
  full: {
    hidden: 128,
    intermediate: 352,
    layers: 4,
    heads: 4,
    tokens: 14,
    question: 32,
    problems: 64,
    samples: 4,
    minibatch: 256,
    micro: 64,
    epochs: 3,
    gradientRows: 64,
    lrmRows: 32,
    batches: [16, 256],
    peak: 1024,
  },
  tiny: {
    hidden: 16,
    intermediate: 24,
    layers: 1,
    heads: 2,
    tokens: 4,
    question: 8,
    problems: 2,
    samples: 2,
    minibatch: 4,
    micro: 2,
    epochs: 1,
    gradientRows: 4,
    lrmRows: 2,
    batches: [2],
    peak: 32,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;

/** `<inv>`, the injected vector, `<sep>`. */
export const PROMPT = 3;

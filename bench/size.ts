/**
 * How large the benchmarks are. `full` is what the quickstart computes with: a policy and a latent-reasoning model of 0.9 M
 * parameters, 64 problems and 4 texts of each per update; `large` beside it is the shape of SmolLM2-135M. `tiny` measures
 * nothing: it shows in seconds that every case runs.
 */
export interface ModelSize {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  /** Default: `heads`. */
  readonly kvHeads?: number;
  /** Default: the words of the arithmetic world. */
  readonly vocab?: number;
}

export interface Size extends ModelSize {
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
  /** Rows of the gradient case. */
  readonly gradientRows: number;
  /** Problems of a step of latent-reasoning training, and of each of its gradient tasks. */
  readonly lrmRows: number;
  readonly lrmMicro: number;
  /** Texts written at once. */
  readonly batches: readonly number[];
  /** The larger model: rows and tokens of its gradient step, prompts included; rank of its adapters; texts written at once. */
  readonly large: ModelSize & {
    readonly rows: number;
    readonly tokens: number;
    readonly rank: number;
    readonly batches: readonly number[];
  };
  /** Rows and columns of the matrices by which the machine's peak is measured. */
  readonly peak: number;
  /** Floats of the array by which its memory is measured: more than any cache holds. */
  readonly memory: number;
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
    lrmRows: 64,
    lrmMicro: 32,
    batches: [1, 16, 256],
    large: {
      hidden: 576,
      intermediate: 1536,
      layers: 30,
      heads: 9,
      kvHeads: 3,
      vocab: 49_152,
      rows: 4,
      tokens: 64,
      rank: 16,
      batches: [1, 16],
    },
    peak: 1024,
    memory: 2 ** 27,
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
    lrmRows: 4,
    lrmMicro: 2,
    batches: [2],
    large: {
      hidden: 24,
      intermediate: 32,
      layers: 2,
      heads: 3,
      kvHeads: 1,
      vocab: 256,
      rows: 2,
      tokens: 7,
      rank: 2,
      batches: [1],
    },
    peak: 32,
    memory: 2 ** 12,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;

/** `<inv>`, the injected vector, `<sep>`. */
export const PROMPT = 3;

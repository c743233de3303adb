/** Ways to find a text (src/eval/decode.ts), by the names of the config, of options and of rows. */
export const DECODES = ['greedy', 'best_of_n', 'retrieve', 'chain'] as const;
export type Decode = (typeof DECODES)[number];

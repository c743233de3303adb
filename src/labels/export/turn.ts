/** A user's turn, with the latent model's own tokenizer. */
import type { Tokenizer } from '../../lm/tokenizer.ts';

/** Ids up to where the assistant begins to write; undefined where the tokenizer has no chat template. */
export function chatTurn(content: string, { applyChatTemplate }: Tokenizer): number[] | undefined {
  try {
    return applyChatTemplate([{ role: 'user', content }]);
  } catch {
    return undefined;
  }
}

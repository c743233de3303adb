/** What the frozen model has read before a text: the question, the question and `<bot>`, or only a padding token. */
export type Context = 'question' | 'question_bot' | 'none';

/** The question's tokens and those that the text starts with, for a context. */
export function contextTokens(context: Context, question: readonly number[], ids: { botId: number; padId: number }) {
  return {
    question: context === 'none' ? [ids.padId] : question,
    lead: context === 'question_bot' ? [ids.botId] : [],
  };
}

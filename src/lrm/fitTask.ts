/** Worker task: fits one translator; regressions of hundreds of inputs keep the main thread free. */
import { task } from '../tensor/task.ts';
import { type FittedTranslator, fitTranslator, type TranslatorFit } from './translator.ts';

export async function fitTranslatorChunk(fit: TranslatorFit): Promise<FittedTranslator> {
  return fitTranslator(fit);
}
export const fitTask = task<TranslatorFit, FittedTranslator>(import.meta.url, fitTranslatorChunk);

/**
 * The JSON files of a model's folder. They come from elsewhere, so that nothing is believed: what is read is a file (no
 * pipe or device, which would not end), of a length that such files have, and one object.
 */
import { readFileSync, statSync } from 'node:fs';
import { RecodiError } from '../tensor/errors.ts';

/** The largest tokenizers have some tens of megabytes. */
const SIZE_LIMIT = 256 * 2 ** 20;

/** @throws RecodiError('input') where `path` is no readable file that holds one JSON object. */
export function readJsonObject(path: string): Record<string, unknown> {
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new Error('it is no file');
    if (stat.size > SIZE_LIMIT) throw new Error(`it has ${stat.size} bytes, more than ${SIZE_LIMIT}`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecodiError('input', `Could not read ${path}: ${reason}. Give a Hugging Face model's folder.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecodiError('input', `${path} is not JSON. Fetch or write it again.`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RecodiError('input', `${path}: expected a JSON object. Fetch or write it again.`);
}

/**
 * Which model lies in a folder, told by content: one SHA-256 over the files that change what is computed. A trainer names its
 * frozen models so, a worker looks for them among the folders that it was given, and neither ever sends weights or learns
 * the other's paths.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadModel } from '../lm/checkpoint.ts';
import { RecodiError, systemError } from '../run/errors.ts';
import { onFile } from '../run/files.ts';

const FILES =
  /^(config|lrm|tokenizer|tokenizer_config|generation_config)\.json$|\.safetensors(\.index\.json)?$|^chat_template/;
const WEIGHTS = /^model\.safetensors(\.index\.json)?$/;

export interface LocalModel {
  readonly hash: string;
  readonly folder: string;
  /** The file that `frozenWeights` is given. */
  readonly weightsFile: string;
}

/** @throws RecodiError('input') for a folder that holds no model. */
export async function identify(folder: string): Promise<LocalModel> {
  const { weightsFile } = await loadModel(folder);
  return { hash: await hashOf(folder), folder: resolve(folder), weightsFile };
}

/** SHA-256 over names and contents of a model's files. @throws RecodiError('input') for one that cannot be read. */
export async function hashOf(folder: string): Promise<string> {
  const names = onFile(folder, () => readdirSync(folder)).filter(name => FILES.test(name));
  const whole = createHash('sha256');
  for (const name of names.sort()) whole.update(`${name} ${await hashOfFile(join(folder, name))}\n`);
  return whole.digest('hex');
}

async function hashOfFile(path: string): Promise<string> {
  if (!onFile(path, () => statSync(path)).isFile())
    throw new RecodiError('input', `${path}: expected a file, and it is something else.`);
  const own = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) own.update(chunk as Buffer);
  } catch (cause) {
    throw systemError(cause, path) ?? cause;
  }
  return own.digest('hex');
}

/** The models in the folders given and in the folders directly below them. @throws RecodiError('input') for a path that is no folder. */
export async function findModels(places: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const place of places) {
    if (!existsSync(place) || !statSync(place).isDirectory())
      throw new RecodiError('input', `${place}: no such folder; name one that holds models with --models.`);
    const below = onFile(place, () => readdirSync(place, { withFileTypes: true }));
    const folders = [place, ...below.filter(entry => entry.isDirectory()).map(entry => join(place, entry.name))];
    for (const folder of folders) if (isModel(folder)) found.set(await hashOf(folder), folder);
  }
  return found;
}

const isModel = (folder: string) => onFile(folder, () => readdirSync(folder)).some(name => WEIGHTS.test(name));

/**
 * Where this package lies and what version it is, from sources and from dist alike.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RecodiError } from './errors.ts';

/** The folder that holds this package's package.json. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new RecodiError('internal', `no package.json above ${import.meta.url}; install recodi again.`);
    folder = above;
  }
  return folder;
}

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest = () => JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as Manifest;

export const packageVersion = (): string => manifest().version;

/** Packages that a user installs where they are needed, with the versions that were tried. */
export const optionalPackages = (): Readonly<Record<string, string>> => manifest().peerDependencies;

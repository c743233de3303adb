/** The inspector's page as `npm run page` builds it: one document, one script, one style sheet. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecodiError } from '../run/errors.ts';
import { packageFolder } from '../run/package.ts';

/** File name -> content. The files are read once, and nothing else is ever served. */
export type BuiltPage = ReadonlyMap<string, string>;

/** Where it lies, in the package and in a checkout alike. */
export const pageFolder = (): string => join(packageFolder(), 'dist', 'inspector');

/** @throws RecodiError('usage') where it has not been built. */
export function readPage(folder: string): BuiltPage {
  if (!existsSync(join(folder, 'index.html')))
    throw new RecodiError(
      'usage',
      `${folder}: the inspector's page is not built; in a checkout run \`npm run page\` first.`,
    );
  return new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** @throws RecodiError('internal') */
export function pageFile(page: BuiltPage, ending: string): { readonly name: string; readonly text: string } {
  for (const [name, text] of page) if (name.endsWith(ending)) return { name, text };
  throw new RecodiError('internal', `the built page has no ${ending} file; build it again by \`npm run page\`.`);
}

/**
 * What a piece of work touches: every path that it gives to a function of `node:fs`, and every address that it fetches, is noted
 * while it runs. Modules see it because their imports from `node:fs` follow its exports. One piece of work at a time.
 * What would never end (a device, a pipe) is not opened: that is noted and fails.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

type Call = (...given: unknown[]) => unknown;

const TAKES_TWO = /^(rename|link|symlink|copyFile|cp)(Sync)?$/;
const OPENS = /^(open|readFile|createReadStream)/;
const { statSync } = fs;

interface Noted {
  readonly paths: Set<string>;
  readonly endless: string[];
}
let noted: Noted | undefined;

/** Files as absolute paths, anything else as it is; descriptors were paths when they were opened. */
function note(given: unknown): void {
  const url = given instanceof Request ? given.url : String(given);
  if (url.startsWith('file:')) noted?.paths.add(fileURLToPath(url));
  else if (/^https?:/.test(url)) noted?.paths.add(url);
  else if (typeof given === 'string') noted?.paths.add(resolve(given));
}

function isEndless(path: string): boolean {
  try {
    const stat = statSync(path);
    return !stat.isFile() && !stat.isDirectory();
  } catch {
    return false;
  }
}

function refuseEndless(given: unknown): void {
  if (!noted || typeof given !== 'string' || !isEndless(given)) return;
  noted.endless.push(given);
  throw new Error(`${given} would never end`);
}

/** Classes, which begin with a capital, open their files by these functions too. */
function watch(module: Record<string, unknown>, names = Object.keys(module).filter(name => /^[a-z]/.test(name))): void {
  for (const name of names) {
    const call = module[name];
    if (typeof call !== 'function') continue;
    const watched: Call = function (this: unknown, ...given) {
      for (const path of given.slice(0, TAKES_TWO.test(name) ? 2 : 1)) note(path);
      if (OPENS.test(name)) refuseEndless(given[0]);
      return call.apply(this, given);
    };
    module[name] = Object.assign(watched, call);
  }
}

watch(fs as unknown as Record<string, unknown>);
watch(fs.promises as unknown as Record<string, unknown>);
watch(globalThis, ['fetch']);
syncBuiltinESMExports();

/** Absolute paths and addresses that `work` touched, what it would have opened, and what it returned or threw. */
export async function touchedBy<T>(
  work: () => T | Promise<T>,
): Promise<Noted & { readonly outcome: PromiseSettledResult<T> }> {
  const here: Noted = { paths: new Set(), endless: [] };
  noted = here;
  try {
    const value = await work();
    return { ...here, outcome: { status: 'fulfilled', value } };
  } catch (reason) {
    return { ...here, outcome: { status: 'rejected', reason } };
  } finally {
    noted = undefined;
  }
}

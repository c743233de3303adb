/**
 * Which paths a piece of work touches: every call of `node:fs` that takes a path is noted while it runs. Modules see it
 * because their imports from `node:fs` follow its exports. One piece of work at a time.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

type Call = (...given: unknown[]) => unknown;

const CALLS = [
  ...['openSync', 'readFileSync', 'writeFileSync', 'appendFileSync', 'truncateSync', 'readdirSync', 'mkdirSync'],
  ...['rmSync', 'unlinkSync', 'renameSync', 'statSync', 'lstatSync', 'existsSync', 'accessSync', 'realpathSync'],
  ...['createReadStream', 'createWriteStream', 'readFile', 'open', 'stat'],
] as const;

let noted: Set<string> | undefined;

function watch(module: Record<string, Call | undefined>): void {
  for (const name of CALLS) {
    const call = module[name];
    if (!call) continue;
    const watched = (...given: unknown[]) => {
      if (noted && (typeof given[0] === 'string' || given[0] instanceof URL)) noted.add(resolve(String(given[0])));
      return call(...given);
    };
    module[name] = Object.assign(watched, call);
  }
}

watch(fs as unknown as Record<string, Call>);
watch(fs.promises as unknown as Record<string, Call>);
syncBuiltinESMExports();

/** Absolute paths that `work` touched, and what it returned or threw. */
export async function touchedBy<T>(
  work: () => T | Promise<T>,
): Promise<{ paths: ReadonlySet<string>; outcome: PromiseSettledResult<T> }> {
  const paths = new Set<string>();
  noted = paths;
  try {
    const value = await work();
    return { paths, outcome: { status: 'fulfilled', value } };
  } catch (reason) {
    return { paths, outcome: { status: 'rejected', reason } };
  } finally {
    noted = undefined;
  }
}

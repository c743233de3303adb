/**
 * Checks that imports point down the layers only, as CONTRIBUTING.md draws them:
 *   tensor <- lm <- worlds <- lrm <- {envs, policies} <- {rl, rollout, eval} <- labels <- {audit, oracle} <- remote
 *   <- {inspect, cli}
 * Within a layer imports are free. `run` stands beside the column: it imports tensor alone, and everything above lm may
 * import it. Tests are free.
 *
 * `node --import tsx tools/layers.ts [root]` prints each offending import as file:line and exits 1 where there is one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const LAYERS = [
  ['tensor'],
  ['lm'],
  ['worlds'],
  ['lrm'],
  ['envs', 'policies'],
  ['rl', 'rollout', 'eval'],
  ['labels'],
  ['audit', 'oracle'],
  ['remote'],
  ['inspect', 'cli', 'index.ts'],
] as const;
const ROOTS = ['src', 'envs', 'policies'];
const SIDE = 'run';
const BELOW_SIDE = 'tensor';
const FIRST_ABOVE_SIDE = 2;

export interface Offence {
  readonly file: string;
  readonly line: number;
  readonly imports: string;
  readonly why: string;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** `src/lm/adam.ts` -> `lm`; `envs/x.ts` -> `envs`. */
const unitOf = (file: string) => file.replace(/^src\//, '').split('/')[0] ?? '';
const rankOf = (unit: string) => LAYERS.findIndex(layer => (layer as readonly string[]).includes(unit));

/** Static imports, re-exports, `import()` and `import('…').Type`. */
function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ specifier: specifier.text, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node, node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Why `from` may not import `to` (both relative to the root), or undefined where it may. */
export function forbidden(from: string, to: string): string | undefined {
  const [user, used] = [unitOf(from), unitOf(to)];
  if (user === used) return undefined;
  if (user === SIDE) return used === BELOW_SIDE ? undefined : `run imports ${BELOW_SIDE} only`;
  const rank = rankOf(user);
  if (rank < 0) return `${user} is no layer; add it to tools/layers.ts`;
  if (used === SIDE) return rank >= FIRST_ABOVE_SIDE ? undefined : `${user} lies below run`;
  const usedRank = rankOf(used);
  if (usedRank < 0) return `${used} is no layer that sources may import`;
  return usedRank <= rank ? undefined : `${used} lies above ${user}`;
}

function sources(root: string): string[] {
  return ROOTS.filter(folder => existsSync(join(root, folder))).flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name))
      .map(name => join(folder, name).split(sep).join('/')),
  );
}

/** Every import of the tree under `root` that points up. */
export function checkLayers(root: string): Offence[] {
  return sources(root).flatMap(file =>
    importsOf(file, readFileSync(join(root, file), 'utf8'))
      .filter(({ specifier }) => specifier.startsWith('.'))
      .flatMap(({ specifier, line }) => {
        const to = relative(root, resolve(root, dirname(file), specifier))
          .split(sep)
          .join('/');
        const why = forbidden(file, to);
        return why ? [{ file, line, imports: to, why }] : [];
      }),
  );
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const offences = checkLayers(resolve(process.argv[2] ?? '.'));
  for (const { file, line, imports, why } of offences) console.error(`${file}:${line} imports ${imports}: ${why}`);
  console.log(
    offences.length === 0 ? 'layers: every import points down' : `layers: ${offences.length} imports point up`,
  );
  process.exitCode = offences.length === 0 ? 0 : 1;
}

/**
 * `npm run pack:check`: packs the project, lets publint look at the package, installs the tarball into an empty folder,
 * and there runs the command line and imports the library, as a user who has nothing but npm would.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = resolve(import.meta.dirname, '..');
const CONFIGS = 'node_modules/recodi/configs';
/** What npx starts, which by itself takes half as long. */
const COMMAND = 'node_modules/recodi/dist/src/cli/main.js';

function run(folder: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return stdout;
  console.error(`pack: in ${folder}: ${[command, ...args].join(' ')} exited with ${status}\n${stdout}${stderr}`);
  process.exit(1);
}

function expectText(what: string, output: string, pattern: RegExp): void {
  if (!pattern.test(output)) {
    console.error(`pack: ${what}: expected ${pattern}, got\n${output}`);
    process.exit(1);
  }
  console.log(`pack: ${what}: ok`);
}

const folder = mkdtempSync(join(tmpdir(), 'recodi-pack-'));
try {
  run(root, 'npm', ['run', 'build']);
  const pack = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(run(root, 'npm', pack)) as [{ filename: string; size: number }];
  console.log(`pack: ${packed.filename}, ${(packed.size / 2 ** 20).toFixed(1)} MiB`);

  const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: false });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg)}`);
  if (messages.length > 0) process.exit(1);
  console.log('pack: publint: ok');

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  run(folder, 'npm', ['install', '--no-audit', '--no-fund', `./${packed.filename}`]);
  expectText('npx recodi --help', run(folder, 'npx', ['recodi', '--help']), /Usage: recodi/);
  expectText('npx recodi doctor', run(folder, 'npx', ['recodi', 'doctor', '--json']), /"used": true/);
  for (const name of readdirSync(join(folder, CONFIGS), { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.yaml'),
  ))
    expectText(
      `recodi config check ${name}`,
      run(folder, 'node', [COMMAND, 'config', 'check', join(CONFIGS, name)]),
      /without mistakes/,
    );
  const script = "import { RecodiError } from 'recodi'; console.log(new RecodiError('input', 'x').code)";
  expectText("import 'recodi'", run(folder, 'node', ['--input-type=module', '-e', script]), /^input$/m);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

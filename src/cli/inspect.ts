/** `recodi inspect RUN…`: the readings of runs, their tables and their curves in the browser, or in a file that is one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, defineCommand } from './command.ts';

interface InspectOptions extends CommonOptions {
  readonly port: number;
  readonly open: boolean;
  readonly export?: string;
}

const HIGHEST_PORT = 65535;

function portNumber(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > HIGHEST_PORT)
    throw new InvalidArgumentError('Expected a port, 0 to 65535; 0 is any free one.');
  return port;
}

export function registerInspect(program: Command): void {
  defineCommand<InspectOptions>(
    program
      .command('inspect')
      .description(
        'show runs in the browser: what was read of every thought, whether to believe it, tables and curves; and put questions of your own to their models',
      )
      .argument('<run...>', 'run folders')
      .option('--port <n>', 'port on 127.0.0.1; 0 is any free one', portNumber, 0)
      .option('--no-open', 'do not open the browser')
      .option('--export <dir>', 'write a report into this folder, one file that opens from disk, and end'),
    {
      examples: ['recodi inspect runs/arithmetic', 'recodi inspect runs/* --export report'],
      work: async ({ print, signal }, { port, open, export: folder }, ...given) => {
        const { pageFolder, readPage } = await import('../inspect/builtPage.ts');
        const { openRuns } = await import('../inspect/runReader.ts');
        const runs = openRuns(given.flat());
        const page = readPage(pageFolder());
        if (folder !== undefined) {
          const { writeReport } = await import('../inspect/report.ts');
          const file = await writeReport(folder, runs, page);
          print({ file }, file);
          return;
        }
        const { inspectorApp } = await import('../inspect/app.ts');
        const { createComputing } = await import('../inspect/computing.ts');
        const { listen } = await import('../inspect/serve.ts');
        const { summarize } = await import('../inspect/summary.ts');
        const computing = createComputing();
        const { url, close } = await listen(inspectorApp(runs, page, computing), port);
        print({ url }, `${url}  (Ctrl-C ends it)`);
        if (open) openBrowser(url);
        // The files are read, and kept, while the browser starts.
        summarize(runs);
        if (!signal.aborted) await once(signal, 'abort');
        await close();
        await computing.close();
      },
      onInterrupt: 'Ending the inspector. Once more to quit at once.',
    },
  );
}

/** Where there is no browser to open, the printed address has to do. */
function openBrowser(url: string): void {
  const commands: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', ''],
  };
  const [command, ...args] = commands[process.platform] ?? ['xdg-open'];
  spawn(command, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

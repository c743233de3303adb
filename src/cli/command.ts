/**
 * What all commands share: the options --json and --debug, interrupts, progress, and errors that become exit codes.
 * A command's file only parses its arguments, calls one function that it imports when it runs (so that `--help` is
 * quick), and prints.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { reportError } from '../run/errors.ts';
import { isAbort, watchInterrupts } from '../run/interrupt.ts';
import { createProgress, type Progress } from '../run/progress.ts';
import { followParent, SUPERVISED } from './supervised.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

export interface CommandContext {
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Prints the result to stdout: the text, or the value as JSON with --json. Once: an error after it goes to stderr alone. */
  print(value: unknown, text: string | (() => string)): void;
}

type Work<O> = (context: CommandContext, options: O, ...positional: string[]) => Promise<void>;

interface Definition<O> {
  /** Full command lines. */
  readonly examples: readonly string[];
  readonly work: Work<O>;
  /** The work is a run that is resumed where its process crashes (supervise.ts). */
  readonly supervised?: boolean;
  /** What the first Ctrl-C is answered, where no run is saved. */
  readonly onInterrupt?: string;
}

interface SupervisedOptions extends CommonOptions {
  readonly supervise?: boolean;
  /** This process is the child. */
  readonly supervised?: boolean;
}

/** Gives a command its shared options and what it does. */
export function defineCommand<O extends CommonOptions>(
  command: Command,
  { examples, work, supervised = false, onInterrupt }: Definition<O>,
): void {
  if (supervised)
    command
      .option('--no-supervise', 'work in this very process, which nothing resumes if it crashes')
      .addOption(new Option(SUPERVISED).hideHelp());
  command
    .option('--json', 'print the result as JSON')
    .option('--debug', 'show the stack of an error')
    .addHelpText(
      'after',
      `\nExample${examples.length > 1 ? 's' : ''}:\n${examples.map(line => `  ${line}\n`).join('')}`,
    )
    .action(async (...given: unknown[]) => {
      const options = given.at(-2) as O;
      const positional = given.slice(0, -2) as string[];
      const isParent = supervised && mayHaveChild(options);
      process.exitCode = await (isParent ? superviseThis(options) : perform(work, options, positional, onInterrupt));
    });
}

function mayHaveChild({ supervise = true, supervised = false }: SupervisedOptions): boolean {
  if (supervised) followParent();
  return supervise && !supervised;
}

async function superviseThis(options: CommonOptions): Promise<number> {
  try {
    const { supervise } = await import('./supervise.ts');
    return await supervise(process.argv.slice(2), options);
  } catch (thrown) {
    return reportError(thrown, { debug: options.debug === true, json: options.json === true });
  }
}

/** Parses an option that is a number of things. */
export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(value);
}

/** Parses an option that is an amount. */
export function positiveNumber(value: string): number {
  const number = Number(value);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('Expected a number above 0.');
  return number;
}

/** Options that may be given more than once: collects them. */
export const repeated = (value: string, before: readonly string[] = []): string[] => [...before, value];

async function perform<O extends CommonOptions>(
  work: Work<O>,
  options: O,
  positional: readonly string[],
  onInterrupt: string | undefined,
): Promise<number> {
  const progress = createProgress();
  const interrupts = watchInterrupts(line => progress.note(line), onInterrupt);
  let printed = false;
  const print: CommandContext['print'] = (value, text) => {
    printed = true;
    const line = options.json ? JSON.stringify(value, null, 2) : typeof text === 'string' ? text : text();
    process.stdout.write(line.endsWith('\n') ? line : `${line}\n`);
  };
  try {
    await work({ signal: interrupts.signal, progress, print }, options, ...positional);
    return interrupts.exitCode() ?? 0;
  } catch (thrown) {
    progress.close();
    const interrupted = interrupts.exitCode();
    if (interrupted && isAbort(thrown, interrupts.signal)) return interrupted;
    return reportError(thrown, { ...options, json: options.json === true && !printed });
  } finally {
    progress.close();
    interrupts.release();
  }
}

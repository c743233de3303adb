#!/usr/bin/env node
/**
 * The command line. Exit codes: 0 ok, 1 a gate or check failed, 2 usage or config error, 3 input that cannot be read,
 * 130 or 143 interrupted after a clean checkpoint.
 */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../run/package.ts';
import { registerAudit } from './audit.ts';
import { registerConfig } from './config.ts';
import { registerDoctor } from './doctor.ts';
import { registerEval } from './eval.ts';
import { registerInspect } from './inspect.ts';
import { registerInvert } from './invert.ts';
import { registerLabel } from './label.ts';
import { registerLm } from './lm.ts';
import { registerLrm } from './lrm.ts';
import { registerOracle } from './oracle.ts';
import { registerResume } from './resume.ts';
import { registerSweep } from './sweep.ts';
import { registerTrain } from './train.ts';
import { registerWorker } from './worker.ts';

const USAGE_ERROR = 2;

const program = new Command('recodi')
  .description('Reads the latent thoughts of latent-reasoning models as text.')
  .version(packageVersion(), '-v, --version', 'print the version')
  .helpOption('-h, --help', 'show help')
  .helpCommand(false)
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride();

const COMMANDS = [
  registerTrain,
  registerSweep,
  registerResume,
  registerEval,
  registerLabel,
  registerInvert,
  registerAudit,
  registerOracle,
  registerInspect,
  registerLrm,
  registerLm,
  registerWorker,
  registerDoctor,
  registerConfig,
];
for (const register of COMMANDS) register(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
}

/** The environments by `kind`: a new one is a file beside this and a line here. Workers make theirs from plain settings. */
import { createDigit, type DigitSettings } from './digit.ts';
import type { Environment } from './environment.ts';
import { createLatentInversion, type LatentInversionSettings } from './latentInversion.ts';

export type EnvironmentSettings = DigitSettings | LatentInversionSettings;

const environments = {
  digit: createDigit,
  latent_inversion: createLatentInversion,
} satisfies { [K in EnvironmentSettings['kind']]: (settings: never) => Promise<Environment<never>> };

/** Throws what the environment's files make it throw. Its targets must be of the kind that the environment reads. */
export function createEnvironment(settings: EnvironmentSettings): Promise<Environment<unknown>> {
  return environments[settings.kind](settings as never);
}

/**
 * Low-rank adapters (Hu et al. 2021) on chosen linears: which matrices they touch, what they are called and how they
 * begin. Names and the scale alpha / r are PEFT's, so that a saved adapter loads there. A begins random and B at zero:
 * a fresh adapter changes nothing.
 */
import { type ModelSpec, type NamedShape, parameterShapes } from './spec.ts';

export interface LoraSettings {
  /** Rank of the update. */
  readonly r: number;
  /** The update is scaled by alpha / r. */
  readonly alpha: number;
  /** Last parts of the linears' module names, such as `q_proj`. */
  readonly targets: readonly string[];
}

/** Whether `settings` put an adapter on the parameter called `name`. */
export function targets(settings: LoraSettings, name: string): boolean {
  const module = name.slice(0, name.lastIndexOf('.'));
  return name.endsWith('.weight') && settings.targets.includes(module.slice(module.lastIndexOf('.') + 1));
}

/** PEFT's names of the two halves of the adapter on the parameter called `name`. */
export function adapterNames(name: string): { a: string; b: string } {
  const module = `base_model.model.${name.slice(0, name.lastIndexOf('.'))}`;
  return { a: `${module}.lora_A.weight`, b: `${module}.lora_B.weight` };
}

/** The adapters' parameters for a model, ready for `layout`: A is [r, in], B is [out, r]. */
export function loraShapes(spec: ModelSpec, settings: LoraSettings): readonly NamedShape[] {
  return parameterShapes(spec).flatMap(([name, shape]): NamedShape[] => {
    const [out, input] = shape;
    if (out === undefined || input === undefined || !targets(settings, name)) return [];
    const { a, b } = adapterNames(name);
    return [
      [a, [settings.r, input]],
      [b, [out, settings.r]],
    ];
  });
}

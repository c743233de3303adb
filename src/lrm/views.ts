/**
 * Views: the kinds of target a run inverts. A view says which latent steps are read, whether raw or through a translator
 * to an anchor, and in which frame similarity is taken. A target is a problem seen through a view.
 *
 * On disk a run keeps `views.json` and `views.safetensors`; whatever a worker needs to score is read from there.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../run/files.ts';
import { RecodiError, show } from '../tensor/errors.ts';
import { openSafetensors, type Safetensors, type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import { type Anchor, anchorName, parseAnchor } from './anchors.ts';
import type { Frame } from './similarity.ts';
import { type Translator, translate } from './translator.ts';

export interface View {
  /** `k3`, `k3@2.before`, `k0-4@2.result`, `k0+3@1.result`. */
  readonly id: string;
  /** Latent steps read, in order; several are read jointly through one translator of their concatenation. */
  readonly steps: readonly number[];
  readonly space: 'raw' | 'translated';
  /** Translated: what the translator aims at. Raw: the point of the own chain that lies nearest. */
  readonly anchor?: Anchor;
  readonly translator?: Translator;
  readonly frame: Frame;
  /** Mean squared distance of the view's training targets from their mean. */
  readonly variance: number;
  /** Raw: FVE of the own chains' text at its best anchor (NaN without chains); translated: the translator's; on validation problems. */
  readonly fve: number;
  /** Translated only: Gaussian mutual information on training problems. */
  readonly nats?: number;
}

/** Statistics of text states by which the policy's input is standardised, both [d]. */
export interface TextStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

export interface Views {
  readonly text: TextStatistics;
  readonly views: readonly View[];
  /** By the id of a translated view: the same, with the state at the question's end in the latents' place. */
  readonly controls: readonly View[];
}

export function viewId(steps: readonly number[], anchor?: Anchor): string {
  const [first = 0, last = first] = [steps[0], steps.at(-1)];
  const inRow = steps.every((k, i) => k === first + i);
  const name = steps.length > 1 && inRow ? `k${first}-${last}` : `k${steps.join('+')}`;
  return anchor ? `${name}@${anchorName(anchor)}` : name;
}

/** Latents [P,n,d] -> the view's target vectors [P,d]. */
export function targetVectors(
  view: Pick<View, 'steps' | 'translator'>,
  states: Float32Array,
  count: number,
  d: number,
): Float32Array {
  const problems = states.length / (count * d);
  const m = view.steps.length * d;
  const inputs = new Float32Array(problems * m);
  for (let p = 0; p < problems; p++) {
    view.steps.forEach((k, i) => {
      const from = (p * count + k) * d;
      inputs.set(states.subarray(from, from + d), p * m + i * d);
    });
  }
  return view.translator ? translate(view.translator, inputs) : inputs;
}

/** [n,d] -> [n,d]: what the policy sees of target vectors. Text statistics, because the latents' own mean says which step it is. */
export function standardise(text: TextStatistics, vectors: Float32Array): Float32Array {
  const d = text.mean.length;
  return vectors.map((x, i) => (x - text.mean[i % d]!) / text.deviation[i % d]!);
}

const viewSchema = z.strictObject({
  id: z.string(),
  /** None in controls, which read the question's end. */
  steps: z.array(z.int().min(0).max(64)).max(65),
  space: z.enum(['raw', 'translated']),
  anchor: z.string().optional(),
  variance: z.number().min(0),
  /** null is NaN. */
  fve: z.number().nullable(),
  nats: z.number().optional(),
});
const viewsSchema = z.strictObject({ format: z.literal(1), views: z.array(viewSchema), controls: z.array(viewSchema) });

const CONTROL = 'control.';
const TARGETS = 'target_whitening';

export function saveViews(folder: string, { text, views, controls }: Views): void {
  const d = text.mean.length;
  const tensors: Record<string, TensorToWrite> = {
    'text.mean': { dtype: 'F32', shape: [d], data: text.mean },
    'text.deviation': { dtype: 'F32', shape: [d], data: text.deviation },
  };
  for (const view of views) Object.assign(tensors, viewTensors(view, ''));
  for (const view of controls) Object.assign(tensors, viewTensors(view, CONTROL));
  writeSafetensors(join(folder, 'views.safetensors'), tensors);
  writeJson(join(folder, 'views.json'), { format: 1, views: views.map(plain), controls: controls.map(plain) });
}

function viewTensors({ id, frame, translator }: View, prefix: string): Record<string, TensorToWrite> {
  const d = frame.centre.length;
  const name = (part: string) => `${prefix}${id}.${part}`;
  const own: Record<string, TensorToWrite> = {
    [name('centre')]: { dtype: 'F32', shape: [d], data: frame.centre },
    [name('whitening')]: { dtype: 'F32', shape: [d, d], data: frame.whitening },
    ...(frame.targetWhitening && {
      [name(TARGETS)]: { dtype: 'F32', shape: [d, d], data: frame.targetWhitening },
    }),
  };
  if (!translator) return own;
  const m = translator.inputMean.length;
  return {
    ...own,
    [name('translator.input_mean')]: { dtype: 'F32', shape: [m], data: translator.inputMean },
    [name('translator.output_mean')]: { dtype: 'F32', shape: [d], data: translator.outputMean },
    [name('translator.weight')]: { dtype: 'F32', shape: [m, d], data: translator.weight },
  };
}

const plain = ({ id, steps, space, anchor, variance, fve, nats }: View) => ({
  id,
  steps,
  space,
  ...(anchor && { anchor: anchorName(anchor) }),
  variance,
  fve,
  ...(nats !== undefined && { nats }),
});

/** @throws RecodiError('input') naming the file and what is wrong with it. */
export function loadViews(folder: string): Views {
  const path = join(folder, 'views.json');
  const { views, controls } = readJson(path, viewsSchema);
  const file = openSafetensors(join(folder, 'views.safetensors'));
  const d = file.tensors.get('text.mean')?.shape[0] ?? 0;
  const read = (name: string, shape: readonly number[]) => readShaped(file, name, shape);
  const whole = (prefix: string) => (view: z.infer<typeof viewSchema>) =>
    wholeView(path, view, d, {
      read: (part, shape) => read(`${prefix}${view.id}.${part}`, shape),
      has: part => file.tensors.has(`${prefix}${view.id}.${part}`),
    });
  return {
    text: { mean: read('text.mean', [d]), deviation: read('text.deviation', [d]) },
    views: views.map(whole('')),
    controls: controls.map(whole(CONTROL)),
  };
}

/** @throws RecodiError('input') for a tensor that is missing or of another shape. */
function readShaped(file: Safetensors, name: string, shape: readonly number[]): Float32Array {
  const found = file.tensors.get(name)?.shape;
  if (!found || found.join() === shape.join()) return file.read(name);
  throw new RecodiError(
    'input',
    `${file.path}: expected the shape [${shape}] of ${show(name)}, got ${show(found)}; it belongs to another views.json. Prepare the run again.`,
  );
}

/** The tensors of one view. */
interface Parts {
  read(part: string, shape: readonly number[]): Float32Array;
  has(part: string): boolean;
}

function wholeView(
  path: string,
  { anchor: name, nats, fve, ...view }: z.infer<typeof viewSchema>,
  d: number,
  { read, has }: Parts,
): View {
  const anchor = name === undefined ? undefined : parseAnchor(name);
  if (name !== undefined && !anchor)
    throw new RecodiError('input', `${path}: view ${view.id}: ${show(name)} is no anchor; expected e.g. "2.before".`);
  if (view.space === 'raw' && view.steps.length !== 1)
    throw new RecodiError(
      'input',
      `${path}: view ${view.id}: expected one step, since it is raw, got ${view.steps.length}. Prepare the run again.`,
    );
  const m = Math.max(1, view.steps.length) * d;
  return {
    ...view,
    fve: fve ?? Number.NaN,
    ...(anchor && { anchor }),
    ...(nats !== undefined && { nats }),
    frame: {
      centre: read('centre', [d]),
      whitening: read('whitening', [d, d]),
      ...(has(TARGETS) && { targetWhitening: read(TARGETS, [d, d]) }),
    },
    ...(view.space === 'translated' && {
      translator: {
        inputMean: read('translator.input_mean', [m]),
        outputMean: read('translator.output_mean', [d]),
        weight: read('translator.weight', [m, d]),
      },
    }),
  };
}

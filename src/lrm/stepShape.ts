/**
 * How the steps of a world's chains lie in a model's tokens: where one ends, and where its anchors are. Nothing is known of a step's
 * layout but its words: a step may be an equation or a sentence, and a number several tokens long.
 */
import { RecodiError, show } from '../tensor/errors.ts';
import { isNumber, pieces } from '../worlds/notation.ts';
import type { Problem, World } from '../worlds/problem.ts';
import type { Anchor, Point } from './anchors.ts';
import type { LrmClient } from './client.ts';

type Tokens = readonly number[];

export interface StepShape {
  /** Tokens that close steps, and stand nowhere else in them. */
  readonly ends: Tokens;
  /** Tokens of the longest. */
  readonly longest: number;
  /** The closed steps of a chain. */
  split(chain: Tokens): Tokens[];
  /** How many tokens of a chain an anchor's prefix has; undefined where the chain is too short, or the step has fewer than two words. */
  position(chain: Tokens, anchor: Anchor): number | undefined;
}

/** Problems whose chains are looked at. */
const SAMPLE = 200;

/** @throws RecodiError('input') for a world whose steps do not show where they end. */
export function stepShape(
  { lrm: { tokenizer } }: Pick<LrmClient, 'lrm'>,
  world: World,
  problems: readonly Problem[],
): StepShape {
  const steps = problems.slice(0, SAMPLE).flatMap(p => world.chain(p).map(text => tokenizer.encode(text)));
  const ends = new Set(steps.flatMap(step => step.slice(-1)));
  const inside = steps.flatMap(step => step.slice(0, -1)).find(token => ends.has(token));
  if (ends.size === 0 || inside !== undefined)
    throw new RecodiError(
      'input',
      ends.size === 0
        ? `${world.name}: its problems have chains of one step, which is left out of what the model thinks; anchors need chains of two or more.`
        : `${world.name}: steps of its chains end in ${show(tokenizer.token(inside!))}, which stands inside of steps too; anchors need steps that are closed by tokens of their own (as ">>" or ".").`,
    );
  return { longest: Math.max(...steps.map(step => step.length)), ...shapeOf([...ends], tokenizer.decode) };
}

export function shapeOf(ends: Tokens, decode: (tokens: Tokens) => string): Omit<StepShape, 'longest'> {
  const known = new Map<string, Points | undefined>();
  const points = (step: Tokens) => {
    const key = step.join();
    if (!known.has(key)) known.set(key, pointsOf(step, decode));
    return known.get(key);
  };
  const split = (chain: Tokens) => {
    const steps: Tokens[] = [];
    let start = 0;
    chain.forEach((token, i) => {
      if (!ends.includes(token)) return;
      steps.push(chain.slice(start, i + 1));
      start = i + 1;
    });
    return steps;
  };
  return {
    ends,
    split,
    position(chain, { step, point }) {
      const steps = split(chain).slice(0, step);
      const last = steps[step - 1] && points(steps[step - 1]!)?.[point];
      return last && last + steps.slice(0, -1).reduce((sum, before) => sum + before.length, 0);
    },
  };
}

type Points = Readonly<Record<Point, number>>;

/** Where the anchors of a closed step lie, as numbers of its tokens. Places in the text are counted without its spaces, which tokenizers move. */
function pointsOf(step: Tokens, decode: (tokens: Tokens) => string): Points | undefined {
  const reach = step.map((_, i) => decode(step.slice(0, i + 1)).replace(/\s/g, '').length);
  const closing = reach.at(-2) ?? 0;
  let place = 0;
  const places = pieces(decode(step)).map(text => {
    const from = place;
    place += text.length;
    return { text, from, to: place };
  });
  const words = places.filter(({ text, from }) => from < closing && (isNumber(text) || /\p{L}/u.test(text)));
  const [first, last] = [words[0], words.at(-1)];
  if (!first || !last || first === last) return undefined;
  const upTo = (to: number) => reach.findIndex(end => end >= to) + 1;
  return {
    open: upTo(first.to),
    before: reach.filter(end => end <= last.from).length,
    result: upTo(last.to),
    end: step.length,
  };
}

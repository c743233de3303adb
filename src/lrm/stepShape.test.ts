import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../lm/tokenizer.ts';
import { createWorld, worldSchema } from '../worlds/index.ts';
import type { World } from '../worlds/problem.ts';
import { type Anchor, anchorName, anchorsOf } from './anchors.ts';
import { shapeOf, stepShape } from './stepShape.ts';

/** Tokens as they come: words, or, where `pieces` says so, the parts of words, which begin with a space like those of a byte-level BPE. */
function vocabulary(pieces: (word: string) => string[] = word => [word]) {
  const known: string[] = [];
  const id = (piece: string) => {
    if (!known.includes(piece)) known.push(piece);
    return known.indexOf(piece);
  };
  const encode = (text: string) =>
    text.split(' ').flatMap(word => pieces(word).map((piece, i) => id(i === 0 ? ` ${piece}` : piece)));
  const decode = (tokens: readonly number[]) =>
    tokens
      .map(token => known[token])
      .join('')
      .trim();
  return { encode, decode, token: (at: number) => known[at]!.trim() };
}

function reader(ends: string, { encode, decode } = vocabulary()) {
  const shape = shapeOf(encode(ends), decode);
  const prefix = (text: string, anchor: Anchor) => {
    const length = shape.position(encode(text), anchor);
    return length === undefined ? undefined : decode(encode(text).slice(0, length));
  };
  return {
    shape,
    prefix,
    all: (text: string, steps: number) => anchorsOf(steps).map(a => [anchorName(a), prefix(text, a)]),
  };
}

describe('anchors', () => {
  it('end a prefix where their names say', () => {
    expect(reader('>>').all('<< 5 + 6 = 11 >> << 11 * 3 = 33 >>', 2)).toEqual([
      ['1.open', '<< 5'],
      ['1.before', '<< 5 + 6 ='],
      ['1.result', '<< 5 + 6 = 11'],
      ['1.end', '<< 5 + 6 = 11 >>'],
      ['2.open', '<< 5 + 6 = 11 >> << 11'],
      ['2.before', '<< 5 + 6 = 11 >> << 11 * 3 ='],
      ['2.result', '<< 5 + 6 = 11 >> << 11 * 3 = 33'],
      ['2.end', '<< 5 + 6 = 11 >> << 11 * 3 = 33 >>'],
    ]);
  });

  it('stand before the last number or word of a step that has no fixed layout', () => {
    const { all } = reader('. !');
    expect(all('Mia buys 6 more , so 5 plus 6 is 11 . Sally is a rempus !', 2)).toEqual([
      ['1.open', 'Mia'],
      ['1.before', 'Mia buys 6 more , so 5 plus 6 is'],
      ['1.result', 'Mia buys 6 more , so 5 plus 6 is 11'],
      ['1.end', 'Mia buys 6 more , so 5 plus 6 is 11 .'],
      ['2.open', 'Mia buys 6 more , so 5 plus 6 is 11 . Sally'],
      ['2.before', 'Mia buys 6 more , so 5 plus 6 is 11 . Sally is a'],
      ['2.result', 'Mia buys 6 more , so 5 plus 6 is 11 . Sally is a rempus'],
      ['2.end', 'Mia buys 6 more , so 5 plus 6 is 11 . Sally is a rempus !'],
    ]);
  });

  it('hold numbers of several tokens together', () => {
    const { prefix } = reader(
      '>>',
      vocabulary(word => (/^\d/.test(word) ? [...word] : [word])),
    );
    const text = '<< 125 - 250 = -125 >> << -125 + 1000 = 875 >>';
    const at = (step: number, point: Anchor['point']) => prefix(text, { step, point });
    expect([at(1, 'open'), at(1, 'before'), at(1, 'result')]).toEqual([
      '<< 125',
      '<< 125 - 250 =',
      '<< 125 - 250 = -125',
    ]);
    expect(at(2, 'before')).toBe('<< 125 - 250 = -125 >> << -125 + 1000 =');
    expect(at(2, 'result')).toBe('<< 125 - 250 = -125 >> << -125 + 1000 = 875');
  });

  it('are absent where the chain does not reach them, or the step says nothing', () => {
    const { prefix, shape } = reader('>>');
    expect(prefix('<< 5 + 6 = 11 >> << 11 * 3 = 33 >>', { step: 3, point: 'open' })).toBeUndefined();
    expect(prefix('<< 5 + 6 = 11', { step: 1, point: 'before' })).toBeUndefined();
    expect(prefix('<< >> << 1 + 1 = 2 >>', { step: 1, point: 'result' })).toBeUndefined();
    expect(prefix('<< >> << 1 + 1 = 2 >>', { step: 2, point: 'before' })).toBe('<< >> << 1 + 1 =');
    expect(shape.position([], { step: 1, point: 'end' })).toBeUndefined();
  });

  it('lie in order, inside the chain, and later steps after earlier ones, whatever a word is made of', () => {
    const word = fc.constantFrom('7', '12', '305', 'is', 'rempus', '+', ',', '<<');
    const step = fc
      .array(word, { minLength: 2, maxLength: 8 })
      .filter(words => words.filter(w => /\w/.test(w)).length > 1);
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), fc.boolean(), (steps, whole) => {
        const codec = vocabulary(whole ? undefined : w => w.match(/.{1,2}/g)!);
        const { shape } = reader('>>', codec);
        const chain = codec.encode(steps.map(words => `${words.join(' ')} >>`).join(' '));
        expect(
          shape
            .split(chain)
            .map(own => own.length)
            .reduce((a, b) => a + b),
        ).toBe(chain.length);
        const places = anchorsOf(steps.length).map(anchor => shape.position(chain, anchor)!);
        places.forEach((place, i) => {
          expect(place).toBeGreaterThan(0);
          if (i > 0) expect(place).toBeGreaterThanOrEqual(places[i - 1]!);
        });
        expect(places.at(-1)).toBe(chain.length);
      }),
    );
  });
});

describe('the shape of steps', () => {
  const world = createWorld(worldSchema.parse({ kind: 'arithmetic' }));
  const list = world.problems({ split: 'train', count: 20, seed: 1 });
  const of = (chain: World['chain']) => {
    const codec = vocabulary();
    return {
      codec,
      shape: () => stepShape({ lrm: { tokenizer: codec as unknown as Tokenizer } } as never, { ...world, chain }, list),
    };
  };

  it('is what closes them all', () => {
    const { codec, shape } = of(world.chain);
    const { ends, longest } = shape();
    expect(ends.map(codec.token)).toEqual(['>>']);
    expect(longest).toBe(Math.max(...list.flatMap(p => world.chain(p).map(text => text.split(' ').length))));
  });

  it('may be several tokens', () => {
    const { codec, shape } = of(problem => [`so ${problem.steps[0]!.result} !`, `then ${problem.steps[1]!.result} .`]);
    expect(shape().ends.map(codec.token)).toEqual(['!', '.']);
  });

  it('is unknown where steps end like they go on, or have no chain', () => {
    const { shape } = of(problem => problem.steps.map(step => `${step.result} is ${step.result}`));
    expect(shape).toThrow(/end in "\d+", which stands inside of steps too/);
    expect(of(() => []).shape).toThrow(/chains of one step/);
  });
});

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { flatGradient, views } from './flat.fixture.ts';
import { packingOf } from './packing.ts';
import { layout } from './parameters.ts';
import { parameterShapes } from './spec.ts';
import { tinySpec as spec, tinyParameters, uniformsFrom } from './tiny.fixture.ts';
import { embed, forward, logits, moveSegment, positionsOf, type Segment, statesOf } from './transformer.ts';
import { viewWeights, type Weights } from './weights.ts';

const map = layout(parameterShapes(spec));
let flat: tf.Tensor1D;
let weights: Weights;

beforeAll(async () => {
  await tf.setBackend('cpu');
  flat = tf.tensor1d(tinyParameters());
  weights = viewWeights(views(map, flat));
});

function randomIds(rows: number, length: number, seed: number): number[][] {
  const next = uniformsFrom(seed);
  return Array.from({ length: rows }, () => Array.from({ length }, () => Math.floor(next() * spec.vocabSize)));
}

/** Runs ids under a mask, with positions that continue after the past. */
function run(ids: number[][], options: { mask?: number[][]; past?: Segment[]; offset?: number; with?: Weights } = {}) {
  const tensor = tf.tensor2d(ids, undefined, 'int32');
  const mask = options.mask ? tf.tensor2d(options.mask) : tf.ones<tf.Rank.R2>(tensor.shape);
  const positions = tf.add(positionsOf(mask), tf.scalar(options.offset ?? 0, 'int32')) as tf.Tensor2D;
  const model = options.with ?? weights;
  return forward(
    spec,
    model,
    { embeddings: embed(model, tensor), mask, positions, past: options.past ?? [] },
    { hiddenStates: true },
  );
}

function difference(a: tf.Tensor, b: tf.Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
}

describe('forward', () => {
  it('gives layers + 1 states, from the embeddings to the final norm', () => {
    const out = run(randomIds(2, 3, 1));
    expect(out.hiddenStates.map(state => state.shape)).toEqual([
      [2, 3, 12],
      [2, 3, 12],
      [2, 3, 12],
    ]);
    expect(difference(out.hiddenStates[2]!, out.hidden)).toBe(0);
    expect(out.segment.k.map(k => k.shape)).toEqual([
      [2, 2, 3, 4],
      [2, 2, 3, 4],
    ]);
    expect(logits(spec, weights, tf.reshape(out.hidden, [6, 12])).shape).toEqual([6, spec.vocabSize]);
  });

  it('is unchanged by padding on either side, whatever the padded tokens are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.nat(),
        (lengths, extra, left, seed) => {
          tf.tidy(() => {
            const width = Math.max(...lengths) + extra;
            const rows = randomIds(lengths.length, width, seed);
            const starts = lengths.map(length => (left ? width - length : 0));
            const mask = rows.map((row, b) =>
              row.map((_, t) => (t >= starts[b]! && t < starts[b]! + lengths[b]! ? 1 : 0)),
            );
            const padded = run(rows, { mask });
            expect(tf.all(tf.isFinite(padded.hidden)).dataSync()[0]).toBe(1);
            lengths.forEach((length, b) => {
              const alone = run([rows[b]!.slice(starts[b], starts[b]! + length)]);
              const own = tf.slice(padded.hidden, [b, starts[b]!, 0], [1, length, -1]);
              expect(difference(own, alone.hidden)).toBeLessThan(1e-5);
            });
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('continues after past segments as in one pass, masked tokens of the past included', () => {
    tf.tidy(() => {
      const ids = randomIds(2, 7, 3);
      const part = (from: number, to: number) => ids.map(row => row.slice(from, to));
      const whole = run(ids);
      const first = run(part(0, 3));
      const second = run(part(3, 5), { past: [first.segment], offset: 3 });
      const third = run(part(5, 7), { past: [first.segment, second.segment], offset: 5 });
      const joined = tf.concat([first.hidden, second.hidden, third.hidden], 1);
      expect(difference(joined, whole.hidden)).toBeLessThan(1e-5);

      const holed = run(part(0, 3), {
        mask: [
          [0, 1, 1],
          [0, 1, 1],
        ],
      });
      const after = run(part(3, 7), { past: [holed.segment], offset: 2 });
      const short = run(part(1, 7));
      expect(difference(after.hidden, tf.slice(short.hidden, [0, 2, 0], [2, 4, -1]))).toBeLessThan(1e-5);
    });
  });

  it('leaves the segment that it would leave further on, where keys are moved', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }), fc.nat(), (by, seed) => {
        tf.tidy(() => {
          const ids = randomIds(by.length, 4, seed);
          const moved = moveSegment(spec, run(ids).segment, tf.tensor1d(by));
          by.forEach((offset, row) => {
            const there = run([ids[row]!], { offset }).segment;
            for (let layer = 0; layer < spec.layers; layer++) {
              const own = tf.slice(moved.k[layer]!, [row, 0, 0, 0], [1, -1, -1, -1]);
              expect(difference(own, there.k[layer]!)).toBeLessThan(1e-4);
            }
          });
          const back = moveSegment(spec, moved, tf.tensor1d(by.map(offset => -offset)));
          expect(difference(back.k[0]!, run(ids).segment.k[0]!)).toBeLessThan(1e-4);
        });
      }),
      { numRuns: 10 },
    );
  });

  it('shares one row of past between consecutive rows, in value and in gradient', () => {
    tf.tidy(() => {
      const prompts = randomIds(2, 3, 5);
      const replies = randomIds(6, 2, 6);
      const loss = (repeated: boolean) => (named: Record<string, tf.Tensor>) => {
        const own = viewWeights(named);
        const rows = repeated ? replies.map((_, b) => prompts[Math.floor(b / 3)]!) : prompts;
        const past = run(rows, { with: own }).segment;
        const out = run(replies, { past: [past], offset: 3, with: own });
        return { loss: tf.sum(tf.square(out.hidden)).mean() as tf.Scalar, metrics: {} };
      };
      const shared = flatGradient(map, flat, loss(false));
      const repeated = flatGradient(map, flat, loss(true));
      expect(difference(shared.loss, repeated.loss)).toBeLessThan(1e-3);
      const scale = tf.max(tf.abs(repeated.gradient)).dataSync()[0]!;
      expect(difference(shared.gradient, repeated.gradient) / scale).toBeLessThan(1e-5);
    });
    const pair = run(randomIds(2, 3, 5)).segment;
    expect(() => run(randomIds(3, 2, 6), { past: [pair], offset: 3 })).toThrow(/shared by a batch of 3/);
  });

  it('has the gradient that finite differences show, through the past as well', () => {
    const ids = randomIds(2, 5, 8);
    const f = (named: Record<string, tf.Tensor>) => {
      const own = viewWeights(named);
      const past = run(
        ids.map(row => row.slice(0, 2)),
        { with: own },
      ).segment;
      const out = run(
        ids.map(row => row.slice(2)),
        { past: [past], offset: 2, with: own },
      );
      return { loss: tf.mean(tf.square(tf.add(out.hidden, 0.3))) as tf.Scalar, metrics: {} };
    };
    const data = tinyParameters();
    const gradient = tf.tidy(() => flatGradient(map, flat, f).gradient).dataSync();
    const at = (values: Float32Array) => tf.tidy(() => f(views(map, tf.tensor1d(values))).loss).dataSync()[0]!;
    const next = uniformsFrom(11);
    for (let trial = 0; trial < 6; trial++) {
      const direction = Float32Array.from({ length: map.size }, () => next() - 0.5);
      const step = 2e-3;
      const moved = (sign: number) => data.map((x, i) => x + sign * step * direction[i]!);
      const slope = (at(moved(1)) - at(moved(-1))) / (2 * step);
      const expected = direction.reduce((sum, x, i) => sum + x * gradient[i]!, 0);
      expect(Math.abs(slope - expected)).toBeLessThan(2e-2 * Math.max(1, Math.abs(expected)));
    }
  });
});

describe('positionsOf', () => {
  it('counts tokens only', () => {
    const positions = positionsOf(
      tf.tensor2d([
        [0, 0, 1, 1],
        [1, 1, 0, 0],
      ]),
    );
    expect(positions.dtype).toBe('int32');
    expect(positions.arraySync()).toEqual([
      [0, 0, 0, 1],
      [0, 1, 1, 1],
    ]);
  });
});

describe('injection', () => {
  const ids = randomIds(2, 4, 7);
  /** Row 0 gets a vector at place 1, row 1 one of half its length at place 2. */
  const directions = tf.tidy(() => {
    const data = new Float32Array(2 * 4 * spec.hiddenSize);
    data[spec.hiddenSize + 3] = 1;
    data[6 * spec.hiddenSize] = 0.5;
    return tf.tensor3d(data, [2, 4, spec.hiddenSize]);
  });
  const mask = tf.tensor2d([
    [1, 1, 1, 0],
    [1, 1, 1, 1],
  ]);
  const input = (model: Weights) => ({
    embeddings: embed(model, tf.tensor2d(ids, undefined, 'int32')),
    mask,
    positions: positionsOf(mask),
    injection: { block: 0, directions },
  });

  it("adds to a block's output, at its places alone, as much as is there", () => {
    const [plain, added] = [
      run(ids, { mask: mask.arraySync() }),
      forward(spec, weights, input(weights), { hiddenStates: true }),
    ];
    const before = plain.hiddenStates[1]!.arraySync() as number[][][];
    const after = added.hiddenStates[1]!.arraySync() as number[][][];
    before.forEach((row, b) => {
      row.forEach((residual, t) => {
        const length = Math.hypot(...residual);
        const direction = (directions.arraySync() as number[][][])[b]![t]!;
        residual.forEach((x, i) => {
          expect(after[b]![t]![i]).toBeCloseTo(x + length * direction[i]!, 4);
        });
      });
    });
  });

  it('is the same where only the tokens are computed', () => {
    const { packing } = packingOf(mask.dataSync(), 4);
    const device = {
      tokens: tf.tensor1d(packing.tokens.data as Int32Array, 'int32'),
      places: tf.tensor1d(packing.places.data as Int32Array, 'int32'),
    };
    const { states } = statesOf(spec, weights, input(weights), { packing: device });
    const whole = tf.reshape(forward(spec, weights, input(weights)).hidden, [8, spec.hiddenSize]);
    const tokens = [0, 1, 2, 4, 5, 6, 7];
    expect(difference(tf.gather(whole, tokens), tf.slice(states, [0, 0], [tokens.length, -1]))).toBeLessThan(1e-5);
  });

  it('passes no gradient through what is added: that of the block before is as if it were constant', () => {
    const gradient = (options: { frozen: boolean }) =>
      flatGradient(map, flat, named => ({ loss: total(named, options), metrics: {} })).gradient;
    const total = (named: Record<string, tf.Tensor>, options: { frozen: boolean }) => {
      const model = viewWeights(named);
      const given = input(model);
      if (!options.frozen) return tf.sum(forward(spec, model, given).hidden) as tf.Scalar;
      // The same sum, with lengths that do not depend on the parameters.
      const { injection: _, ...plain } = given;
      const { injection: __, ...constant } = input(weights);
      const residual = forward(spec, weights, constant, { hiddenStates: true }).hiddenStates[1]!;
      const lengths = tf.norm(residual, 2, 2, true);
      const second = forward(oneBlock(spec), secondBlock(model), {
        ...plain,
        embeddings: tf.add(
          forward(spec, model, plain, { hiddenStates: true }).hiddenStates[1]!,
          tf.mul(lengths, directions),
        ) as tf.Tensor3D,
      });
      return tf.sum(second.hidden) as tf.Scalar;
    };
    expect(difference(gradient({ frozen: false }), gradient({ frozen: true }))).toBeLessThan(1e-4);
  });
});

const oneBlock = (of: typeof spec) => ({ ...of, layers: 1 });
/** The second block's weights under the first one's names. */
const secondBlock = (of: Weights): Weights => ({ tensor: name => of.tensor(name.replace('layers.0.', 'layers.1.')) });

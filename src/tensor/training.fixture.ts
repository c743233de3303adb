/** A small transformer in plain tfjs ops with a loss, its gradient and Adam in one function, and a task that trains it in a worker. */
import { floats, integers } from './agreement.fixture.ts';
import { compile, f32, type HostArray, tf } from './index.ts';

const [B, T, D, HEADS, F, V, LAYERS] = [3, 7, 16, 4, 24, 19, 2] as const;

const SHAPES: ReadonlyArray<readonly [string, readonly number[]]> = [
  ['embedding', [V, D]],
  ...Array.from({ length: LAYERS }, (_, i) => i).flatMap(i =>
    (
      [
        ['norm1', [D]],
        ['q', [D, D]],
        ['k', [D, D]],
        ['v', [D, D]],
        ['o', [D, D]],
        ['norm2', [D]],
        ['gate', [F, D]],
        ['up', [F, D]],
        ['down', [D, F]],
      ] as const
    ).map(([name, shape]) => [`${i}.${name}`, shape] as const),
  ),
  ['norm', [D]],
];

const sizes = SHAPES.map(([, shape]) => shape.reduce((product, size) => product * size, 1));
const total = sizes.reduce((sum, size) => sum + size, 0);

type Parameters = Readonly<Record<string, tf.Tensor>>;

function rmsNorm(x: tf.Tensor, gain: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), gain);
}

function rotate(x: tf.Tensor): tf.Tensor {
  const half = x.shape.at(-1)! / 2;
  const angles = tf.mul(tf.reshape(tf.range(0, T, 1), [T, 1]), tf.pow(0.1, tf.range(0, half, 1)));
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return tf.concat(
    [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
    -1,
  );
}

function attention(x: tf.Tensor, p: Parameters, at: string): tf.Tensor {
  const heads = (name: string) =>
    tf.transpose(tf.reshape(tf.matMul(x, p[at + name]!, false, true), [B, T, HEADS, D / HEADS]), [0, 2, 1, 3]);
  const order = tf.range(0, T, 1, 'int32');
  const visible = tf.lessEqual(tf.reshape(order, [1, T]), tf.reshape(order, [T, 1]));
  const scores = tf.div(tf.matMul(rotate(heads('q')), rotate(heads('k')), false, true), Math.sqrt(D / HEADS));
  const mixed = tf.matMul(tf.softmax(tf.where(visible, scores, -1e9)), heads('v'));
  return tf.matMul(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * T, D]), p[`${at}o`]!, false, true);
}

function feedForward(x: tf.Tensor, p: Parameters, at: string): tf.Tensor {
  const gate = tf.matMul(x, p[`${at}gate`]!, false, true);
  const up = tf.matMul(x, p[`${at}up`]!, false, true);
  return tf.matMul(tf.mul(tf.mul(gate, tf.sigmoid(gate)), up), p[`${at}down`]!, false, true);
}

function loss(p: Parameters, ids: tf.Tensor): tf.Scalar {
  let x = tf.gather(p.embedding!, tf.reshape(ids, [B * T]));
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `${layer}.`;
    x = tf.add(x, attention(rmsNorm(x, p[`${at}norm1`]!), p, at));
    x = tf.add(x, feedForward(rmsNorm(x, p[`${at}norm2`]!), p, at));
  }
  const logs = tf.logSoftmax(tf.matMul(rmsNorm(x, p.norm!), p.embedding!, false, true));
  const next = tf.reshape(tf.concat([tf.slice(ids, [0, 1], [B, T - 1]), tf.slice(ids, [0, 0], [B, 1])], 1), [B * T]);
  return tf.neg(tf.mean(tf.sum(tf.mul(logs, tf.oneHot(next, V)), -1)));
}

interface State {
  readonly flat: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
  readonly step: tf.Tensor;
}

function adamStep({ state, ids, rate }: { state: State; ids: tf.Tensor; rate: tf.Tensor }) {
  const views = tf.split(state.flat, sizes).map((view, i) => tf.reshape(view, SHAPES[i]![1].slice()));
  const byName = (list: readonly tf.Tensor[]) => Object.fromEntries(list.map((view, i) => [SHAPES[i]![0], view]));
  const { value, grads } = tf.valueAndGrads((...list: tf.Tensor[]) => loss(byName(list), ids))(views);
  const gradient = tf.concat(grads.map(part => tf.reshape(part, [-1])));
  const step = tf.add(state.step, 1);
  const m = tf.add(tf.mul(state.m, 0.9), tf.mul(gradient, 0.1));
  const v = tf.add(tf.mul(state.v, 0.999), tf.mul(tf.square(gradient), 0.001));
  const rise = tf.div(
    tf.div(m, tf.sub(1, tf.pow(0.9, step))),
    tf.add(tf.sqrt(tf.div(v, tf.sub(1, tf.pow(0.999, step)))), 1e-4),
  );
  return { loss: value, state: { flat: tf.sub(state.flat, tf.mul(rate, rise)), m, v, step } };
}

/** Parameters and losses after `steps` Adam steps on the device that is set. */
export async function train({ steps, seed }: { steps: number; seed: number }) {
  const step = compile(`train from ${seed}`, adamStep);
  const zeros = () => f32(new Float32Array(total), [total]);
  let state: Readonly<Record<keyof State, HostArray>> = {
    flat: floats([total], seed, -0.4, 0.4),
    m: zeros(),
    v: zeros(),
    step: f32([0], []),
  };
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const out = await step({ state, ids: integers([B, T], seed + i, 0, V), rate: f32([1e-2], []) });
    losses.push(out.loss.data[0]!);
    state = out.state;
  }
  await step.release();
  return { losses, parameters: state.flat.data as Float32Array };
}

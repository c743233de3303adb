import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlarmName, type AlarmSettings, createAlarms } from './alarms.ts';
import { trainConfigSchema } from './config.ts';

type Line = Record<string, number | null>;

const settings = (changes: Partial<AlarmSettings> = {}): AlarmSettings =>
  trainConfigSchema.parse({ name: 'alarms', lrm: 'none', alarms: changes }).alarms;

/** Lines, counted from 0, as a run takes them in. */
function watch(lines: readonly Line[], given: AlarmSettings) {
  const alarms = createAlarms(given);
  return lines.map((line, update) => alarms.take(update, line));
}
const namesOf = (taken: ReturnType<typeof watch>) => taken.map(({ raised }) => raised.map(({ name }) => name));

/** For each alarm: what a run begins with, and the line whose figure is `x`. */
const SCENES: Readonly<Record<AlarmName, { readonly first: Line; line(x: number): Line }>> = {
  gap: {
    first: { 'objective/scores': 0, 'inversion/gap': 1 },
    line: x => ({ 'objective/scores': 1, 'inversion/gap': 1 - x }),
  },
  same: {
    first: { 'validation/score': 0, 'validation/same': 1 },
    line: x => ({ 'validation/score': 1, 'validation/same': 1 - x }),
  },
  effect: { first: { 'inversion/effect': 1 }, line: x => ({ 'inversion/effect': x }) },
  unread: { first: { 'inversion/gap': 1 }, line: x => ({ 'inversion/gap': x }) },
  repetition: { first: { 'completions/repetition': 0 }, line: x => ({ 'completions/repetition': x }) },
  distinct: { first: { 'completions/distinct': 1 }, line: x => ({ 'completions/distinct': x }) },
  alike: { first: { 'completions/alike': 0 }, line: x => ({ 'completions/alike': x }) },
  last_token: {
    first: { 'validation/lift_last_token': 0, 'validation/lift_empty': 0.5 },
    line: x => ({ 'validation/lift_last_token': x / 2, 'validation/lift_empty': 0.5 }),
  },
  entropy: { first: { 'policy/entropy_avg': 1 }, line: x => ({ 'policy/entropy_avg': x }) },
  kl: {
    first: { 'objective/kl': 0, 'completions/mean_length': 8 },
    line: x => ({ 'objective/kl': 8 * x, 'completions/mean_length': 8 }),
  },
  format: { first: { 'inversion/format_rate': 1 }, line: x => ({ 'inversion/format_rate': 1 - x }) },
};
const NAMES = Object.keys(SCENES) as AlarmName[];
const LEAST: readonly AlarmName[] = ['effect', 'unread', 'distinct', 'entropy'];

/** Each line three times: then the mean of three validations is that of its line too. */
const thrice = (lines: readonly Line[]) => lines.flatMap(line => [line, line, line]);

/** Numbers on which floating point makes no mistakes. */
const dyadic = fc.integer({ min: 0, max: 1024 }).map(n => n / 1024);
/** Metrics of any kind, some of them not there. */
const metrics = [...new Set(NAMES.flatMap(name => Object.keys(SCENES[name].first)))];
const anyLine = fc.record(Object.fromEntries(metrics.map(name => [name, fc.oneof(dyadic, fc.constant(null))])), {
  requiredKeys: [],
}) as fc.Arbitrary<Line>;

describe('an alarm', () => {
  it.each(NAMES)('%s goes up at the first figure beyond its bound, and once', name => {
    const { first, line } = SCENES[name];
    fc.assert(
      fc.property(dyadic, fc.array(dyadic, { maxLength: 12 }), (bound, figures) => {
        const beyond = (x: number) => (LEAST.includes(name) ? x < bound : x > bound);
        const begins = LEAST.includes(name) ? 1 : 0;
        const taken = watch(thrice([first, ...figures.map(line)]), settings({ window: 1, [name]: bound }));
        const judged = taken.map(({ metrics }) => metrics[`alarms/${name}`]).filter((_, i) => i % 3 === 2);
        expect(judged.slice(1)).toEqual(figures);
        const at = [begins, ...figures].findIndex(beyond);
        const up = namesOf(taken).flatMap((names, i) => (names.includes(name) ? [Math.floor(i / 3)] : []));
        expect(up).toEqual(at < 0 ? [] : [at]);
      }),
    );
  });

  it.each(NAMES)('%s stays down at its default bound, and goes up past it', name => {
    const { first, line } = SCENES[name];
    const given = settings({ window: 1 });
    const past = LEAST.includes(name) ? -1e-9 : 1e-9;
    const up = (x: number) => namesOf(watch(thrice([first, line(x)]), given)).flat();
    expect(up(given[name] - past)).not.toContain(name);
    expect(up(given[name] + past)).toContain(name);
  });

  it('is judged by the mean of its window, not before that is full, and at validations by three', () => {
    const lines = [0, 0, 0.4, 0.4].map(x => SCENES.repetition.line(x));
    const taken = watch(lines, settings({ window: 3, repetition: 0.2 }));
    expect(taken.map(({ metrics }) => metrics['alarms/repetition'])).toEqual([
      undefined,
      undefined,
      expect.closeTo(0.4 / 3),
      expect.closeTo(0.8 / 3),
    ]);
    expect(namesOf(taken)).toEqual([[], [], [], ['repetition']]);
    const { first, line } = SCENES.same;
    const validations = [first, {}, first, first, {}, line(0.25), {}, line(0.25)];
    expect(namesOf(watch(validations, settings({ window: 2 }))).map(names => names.length)).toEqual([
      0, 0, 0, 0, 0, 0, 0, 1,
    ]);
  });

  it('of the swap gap takes off what the score has fallen by, and adds nothing for a rise', () => {
    const line = (score: number, gap: number) => ({ 'objective/scores': score, 'inversion/gap': gap });
    const figures = (...lines: Line[]) =>
      watch(lines, settings({ window: 1 })).map(({ metrics }) => metrics['alarms/gap']);
    expect(figures(line(0.5, 0.5), line(0.25, 0.25), line(0.5, 0.25), line(1, 0.25))).toEqual([0, 0, 0.25, 0.25]);
    expect(figures(line(0.5, 0.5), line(0, 0.25), line(0.75, 0.75), line(0.75, 0.625))).toEqual([0, 0, 0, 0.125]);
  });

  it('of the last token is silent where the whole text has next to no effect', () => {
    const line = { 'validation/lift_last_token': 0.04, 'validation/lift_empty': 0.04 };
    expect(watch([line], settings({ window: 1 }))[0]!.metrics).toEqual({});
  });

  it('says what it saw, when, against which bound and what to do, and whether the run is to end', () => {
    const given = settings({ window: 2, stop: ['kl'] });
    const { line } = SCENES.kl;
    const [, , taken] = watch([line(0), line(1), line(1.25)], given);
    expect(taken!.raised).toEqual([
      {
        name: 'kl',
        stop: true,
        sentence: expect.stringMatching(
          /^Alarm kl: at update 2 \(mean of 2 updates\), the KL to the warm start was 1\.13 nats per token, over alarms\.kl, 1\. .*raise ppo\.kl\.coef/,
        ),
      },
    ]);
  });
});

describe('alarms', () => {
  it('that hold a run against its own past stay down while nothing changes', () => {
    const relative: readonly AlarmName[] = ['gap', 'same', 'distinct', 'entropy', 'format'];
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 1, max: 5 }), (line, window) => {
        const up = namesOf(watch(Array(12).fill(line), settings({ window }))).flat();
        expect(up.filter(name => relative.includes(name))).toEqual([]);
      }),
    );
  });

  it('do not depend on the order of metrics, on other metrics, or on how an absent number is written', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 15 }), fc.infiniteStream(dyadic), (lines, other) => {
        const given = settings({ window: 2 });
        const rewritten = lines.map(line => {
          const kept = Object.entries(line).map(([name, x]) => [name, x ?? Number.NaN] as const);
          return Object.fromEntries([['grad_norm', other.next().value], ...kept.reverse()]);
        });
        expect(watch(rewritten, given)).toEqual(watch(lines, given));
      }),
    );
  });

  it('know after the lines of metrics.jsonl what they knew', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 20 }), fc.nat({ max: 20 }), (lines, cut) => {
        const given = settings({ window: 3 });
        const whole = watch(lines, given);
        const written = lines.map((line, i) => ({ phase: 'ppo', update: i, ...line, ...whole[i]!.metrics }));
        const resumed = createAlarms(given);
        const kept: Line[] = JSON.parse(JSON.stringify(written.slice(0, cut)));
        for (const [i, line] of kept.entries()) resumed.take(i, line);
        expect(lines.slice(cut).map((line, i) => resumed.take(cut + i, line))).toEqual(whole.slice(cut));
      }),
    );
  });
});

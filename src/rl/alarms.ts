/**
 * Alarms on the policy itself: signs that its reward is earned by something other than reading. Each is judged by one number, the
 * metric `alarms/<name>`, against the bound that the config sets, and goes up once in a run.
 *
 * All of it follows from the lines of metrics.jsonl, in their order: a resumed run takes in the lines before its checkpoint, and
 * knows what it knew.
 */
import type { TrainConfig } from './config.ts';

export type AlarmSettings = TrainConfig['alarms'];
export type AlarmName = AlarmSettings['stop'][number];

/** An update's metrics, or its line of metrics.jsonl; what is not a finite number counts as absent. */
type Line = Readonly<Record<string, unknown>>;

export interface Raised {
  readonly name: AlarmName;
  /** The run is to end. */
  readonly stop: boolean;
  /** What was seen, and when, against which bound, and what to do. */
  readonly sentence: string;
}

export interface Alarms {
  /** Takes in the next update: `alarms/<name>` for what can be judged by now, and the alarms that go up with it. */
  take(update: number, line: Line): { readonly metrics: Record<string, number>; readonly raised: readonly Raised[] };
}

/** A metric's mean over its newest values, as many as the window has; undefined before that, and where this line has none. */
type Mean = (metric: string) => number | undefined;
/** What an alarm is judged by, from line to line; undefined where there is nothing to judge. */
type Judge = (mean: Mean) => number | undefined;

interface Rule {
  judge(): Judge;
  /** The alarm goes up where the figure is over, or under, its bound. */
  readonly trips: 'over' | 'under';
  /** Of validations, the newest so many are judged; absent where the window says how many updates are. */
  readonly validations?: number;
  /** How the figure reads in the sentence. */
  saw(figure: string): string;
  /** What it means, and what to do. */
  readonly advice: string;
}

const level = (metric: string) => (): Judge => mean => mean(metric);

/** One mean over another; not judged where that is less than `least`, for a share of next to nothing says nothing. */
const ratio = (part: string, whole: string, least: number) => (): Judge => mean => {
  const [own, all] = [mean(part), mean(whole)];
  return own === undefined || all === undefined || all < least ? undefined : own / all;
};

/** Lift over the empty text from which on a share of it is judged. */
const LEAST_LIFT = 0.05;

/** The share of its first mean that a metric has left. */
const left = (metric: string) => (): Judge => {
  let first: number | undefined;
  return mean => {
    const now = mean(metric);
    first ??= now;
    return now === undefined || !first ? undefined : now / first;
  };
};

/** How far a metric lies below its highest mean. */
const fall = (metric: string) => (): Judge => {
  let highest = Number.NEGATIVE_INFINITY;
  return mean => {
    const now = mean(metric);
    if (now === undefined) return undefined;
    highest = Math.max(highest, now);
    return highest - now;
  };
};

/** How much further than the score a metric has fallen since it was highest; 0 where it has not. */
const fallBeyond = (score: string, metric: string) => (): Judge => {
  let highest: { readonly metric: number; readonly score: number } | undefined;
  return mean => {
    const now = { metric: mean(metric), score: mean(score) };
    if (now.metric === undefined || now.score === undefined) return undefined;
    if (!highest || now.metric > highest.metric) highest = { metric: now.metric, score: now.score };
    return Math.max(0, highest.metric - now.metric - Math.max(0, highest.score - now.score));
  };
};

const RULES: Readonly<Record<AlarmName, Rule>> = {
  gap: {
    judge: fallBeyond('objective/scores', 'inversion/gap'),
    trips: 'over',
    saw: figure => `the swap gap had fallen by ${figure} more than the score since it was highest`,
    advice: 'The reward is earned by something other than reading: look at the newest texts in samples.jsonl.',
  },
  same: {
    judge: fallBeyond('validation/score', 'validation/same'),
    trips: 'over',
    validations: 3,
    saw: figure =>
      `the share of texts that make the model give its own answer had fallen by ${figure} more than the score since it was highest`,
    advice: 'Texts score better and say less of what the model thinks: raise ppo.kl.coef, or end the run sooner.',
  },
  effect: {
    judge: level('inversion/effect'),
    trips: 'under',
    saw: figure => `a text moved the similarity by ${figure}, up or down, from that of the empty text`,
    advice: 'The reader hardly minds what is written, so nothing can be learned: set targets.context to none.',
  },
  unread: {
    judge: level('inversion/gap'),
    trips: 'under',
    saw: figure => `the swap gap was ${figure}`,
    advice:
      "Texts are no nearer to their own target than to another problem's: see that what the policy is shown and its target are of one problem; without a warm start, give it time.",
  },
  repetition: {
    judge: level('completions/repetition'),
    trips: 'over',
    saw: figure => `${figure} of a text's 4-grams stood in it before`,
    advice: 'Texts are filled up with what they said already: raise ppo.kl.coef or reward.length_penalty.',
  },
  distinct: {
    judge: left('completions/distinct'),
    trips: 'under',
    saw: figure => `distinct-4 of the texts was ${figure} of what it was at first`,
    advice: 'The policy writes fewer and fewer different things: raise ppo.kl.coef or lower ppo.lr.',
  },
  alike: {
    judge: level('completions/alike'),
    trips: 'over',
    saw: figure => `${figure} of a text's 4-grams stood in another problem's text too`,
    advice:
      'Texts do not depend on the latent that they are to read: raise ppo.kl.coef, and see what the policy is shown.',
  },
  last_token: {
    judge: ratio('validation/lift_last_token', 'validation/lift_empty', LEAST_LIFT),
    trips: 'over',
    validations: 1,
    saw: figure => `a text's last token alone had ${figure} of the whole text's effect on the similarity`,
    advice: 'The words before it may say anything: set targets.context to none, or read at other targets.anchors.',
  },
  entropy: {
    judge: left('policy/entropy_avg'),
    trips: 'under',
    saw: figure => `the entropy of the next token was ${figure} of what it was at first`,
    advice: 'The policy tries nothing new any more: raise ppo.kl.coef or lower ppo.lr.',
  },
  kl: {
    judge: ratio('objective/kl', 'completions/mean_length', 1),
    trips: 'over',
    saw: figure => `the KL to the warm start was ${figure} nats per token`,
    advice:
      'The policy leaves the language that it began with: raise ppo.kl.coef, set ppo.kl.adaptive, or lower ppo.lr.',
  },
  format: {
    judge: fall('inversion/format_rate'),
    trips: 'over',
    saw: figure => `the share of well-formed texts was ${figure} below its highest`,
    advice: 'Texts that are no steps of a chain earn reward: look at samples.jsonl, and raise ppo.kl.coef.',
  },
};

const NAMES = Object.keys(RULES) as AlarmName[];

/** Whether a figure lies beyond a bound of the alarm, on the side on which it goes up. */
export const isBeyond = (name: AlarmName, figure: number, bound: number): boolean =>
  RULES[name].trips === 'over' ? figure > bound : figure < bound;

export function createAlarms(settings: AlarmSettings): Alarms {
  const judges = new Map(NAMES.map(name => [name, RULES[name].judge()]));
  const newest = new Map<string, readonly number[]>();
  const kept = Math.max(settings.window, ...NAMES.map(name => RULES[name].validations ?? 0));
  const up = new Set<AlarmName>();

  const meanOver =
    (line: Line, count: number): Mean =>
    metric => {
      const values = newest.get(metric)?.slice(-count);
      if (!Number.isFinite(line[metric]) || values?.length !== count) return undefined;
      return values.reduce((sum, value) => sum + value, 0) / count;
    };

  return {
    take(update, line) {
      for (const [metric, value] of Object.entries(line))
        if (typeof value === 'number' && Number.isFinite(value))
          newest.set(metric, [...(newest.get(metric) ?? []), value].slice(-kept));
      const metrics: Record<string, number> = {};
      const raised: Raised[] = [];
      for (const [name, judge] of judges) {
        const figure = judge(meanOver(line, RULES[name].validations ?? settings.window));
        if (figure === undefined) continue;
        metrics[`alarms/${name}`] = figure;
        if (up.has(name) || !isBeyond(name, figure, settings[name])) continue;
        up.add(name);
        raised.push({ name, stop: settings.stop.includes(name), sentence: sentenceOf(name, figure, update, settings) });
      }
      return { metrics, raised };
    },
  };
}

function sentenceOf(name: AlarmName, figure: number, update: number, settings: AlarmSettings): string {
  const { validations, trips, saw, advice } = RULES[name];
  const when = `at update ${update} (mean of ${validations ? `${validations} validations` : `${settings.window} updates`})`;
  const seen = saw(Number(figure.toPrecision(3)).toString());
  return `Alarm ${name}: ${when}, ${seen}, ${trips} alarms.${name}, ${settings[name]}. ${advice}`;
}

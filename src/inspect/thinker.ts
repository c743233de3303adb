/**
 * What the inspector computes: a question that was typed is thought about and read by the code of `recodi invert`, once more with a
 * number edited where that was asked for, a text that was typed is scored as a reading is, and the run's oracle is asked.
 */
import { describeView } from '../cli/evalTable.ts';
import type { Bench } from '../eval/bench.ts';
import {
  type Asked,
  askedQuestion,
  type Inversion,
  type InvertedView,
  invertThought,
  othersOf,
  partsOf,
  thinkAbout,
} from '../eval/invert.ts';
import { scoreOwnText } from '../eval/ownText.ts';
import { answerFollowed, editNumber, followed } from '../eval/whatIf.ts';
import { anchorName } from '../lrm/anchors.ts';
import { perIntervention } from '../lrm/interventions.ts';
import { RecodiError } from '../run/errors.ts';
import { readJsonl } from '../run/jsonl.ts';
import type { RunPaths } from '../run/paths.ts';
import type { Progress } from '../run/progress.ts';
import { numbersIn } from '../worlds/edits.ts';
import type { Edit } from '../worlds/problem.ts';
import type { AskRequest, JobContext, ScoreRequest, Thinker, TryRequest } from './computing.ts';
import type { RunReader } from './runReader.ts';
import { keepWarm, openReady, type WarmRun } from './warmRun.ts';
import type { JobEvent, Side, Thought, TryExamples } from './wire.ts';

/** Questions that are shown to begin with. */
const EXAMPLES = 4;

export function createThinker(): Thinker {
  const runs = keepWarm();
  async function open({ folder }: RunReader, { signal, send }: JobContext): Promise<Work> {
    const run = await runs.open(folder, () => send({ event: 'stage', name: 'opening the run', done: 0, total: 1 }));
    signal.throwIfAborted();
    return { run, bench: run.benchFor({ signal, progress: progressTo(send) }), send };
  }
  return {
    examples,
    try: async (run, request, job) => tryQuestion(await open(run, job), request),
    score: async (run, request, job) => scoreText(await open(run, job), run, request),
    ask: async (run, oracle, request, job) => askOracle(await open(run, job), oracle, request),
    close: runs.close,
  };
}

/** A job on a run that is ready. */
interface Work {
  readonly run: WarmRun;
  readonly bench: Bench;
  readonly send: JobContext['send'];
}

function examples({ folder }: RunReader): TryExamples {
  const { paths } = openReady(folder);
  const held = readJsonl(paths.targets).filter(({ split }) => split === 'test');
  const questions = held.flatMap(({ question }) => (typeof question === 'string' ? [question] : []));
  return { questions: [...new Set(questions)].slice(0, EXAMPLES) };
}

function progressTo(send: (event: JobEvent) => void): Progress {
  let stage = { name: '', total: 0 };
  const tell = (done: number) => send({ event: 'stage', ...stage, done });
  return {
    stage(name, total) {
      stage = { name, total };
      tell(0);
    },
    update: tell,
    note() {},
    close() {},
  };
}

async function tryQuestion(work: Work, { question: typed, edit: asked }: TryRequest): Promise<void> {
  const { bench, send } = work;
  const question = askedQuestion(bench, 'The question', typed);
  const edit = asked && editNumber(question.text, asked.number, asked.to);
  const edited = edit && askedQuestion(bench, 'The edited question', edit.question);
  const before = await readSide(work, 'asked', await think(work, question));
  if (!edit || !edited) return;
  const after = await readSide(work, 'edited', await think(work, edited), { before, edit });
  send({ event: 'answered', ...answerFollowed(before, after.answer, edit) });
}

async function think({ run, bench }: Work, question: Asked['question']): Promise<Asked> {
  const known = run.asked.get(question.text);
  if (known) return known;
  const asked = await thinkAbout(bench, question);
  run.asked.set(question.text, asked);
  return asked;
}

interface Edited {
  readonly before: Inversion;
  readonly edit: Edit;
}

/** Reads a thought view by view, and tells of each as it is read. */
async function readSide(work: Work, side: Side, asked: Asked, edited?: Edited): Promise<Inversion> {
  const { bench, send } = work;
  const { text } = asked.question;
  const answer = bench.client.lrm.tokenizer.token(asked.thought.answers[0]!);
  send({
    event: 'asked',
    side,
    question: text,
    numbers: numbersIn(text),
    answer,
    views: bench.views.views.map(view => ({ view: view.id, steps: view.steps, described: describeOf(view) })),
    gapFloor: bench.config.eval.verdicts.swap_gap,
  });
  return invert(work, asked, view => {
    const before = edited?.before.views.find(other => other.view === view.view);
    send({
      event: 'read',
      side,
      thought: thoughtOf(view, text, answer),
      followed: edited && before ? followed(before.text, view.text, edited.edit) : null,
    });
  });
}

/** The inversion of a thought; `read` hears of its views, of those that were read before too. */
async function invert({ run, bench }: Work, asked: Asked, read?: (view: InvertedView) => void): Promise<Inversion> {
  const { text } = asked.question;
  const known = run.inverted.get(text);
  if (known) {
    if (read) known.views.forEach(read);
    return known;
  }
  const bank = await run.bank(bench);
  bench.progress.stage('reading the thoughts', partsOf(bench));
  let done = 0;
  const tick = () => bench.progress.update(++done);
  const inversion = await invertThought(bench, asked, bank, { tick, ...(read && { read }) });
  run.inverted.set(text, inversion);
  return inversion;
}

async function scoreText(work: Work, reader: RunReader, request: ScoreRequest): Promise<void> {
  const { bench, send } = work;
  const view = bench.views.views.find(({ id }) => id === request.view);
  if (!view) throw new RecodiError('usage', `${request.view}: the run reads no such view.`);
  const { question, questions, row, controls } =
    'problem' in request
      ? labelled(reader, request.problem, request.view)
      : await tried(work, request.question, request.view);
  const asked = await think(work, askedQuestion(bench, 'The question', question));
  const own = await scoreOwnText(bench, {
    ...asked,
    view,
    text: request.text,
    others: othersOf(bench, view, questions, row),
    swapped: controls.swapped.text,
    questionEnd: controls.question_end.text,
  });
  send({ event: 'scored', own });
}

/** What a text is held against: the floors of the reading, and the problems that it was told from. */
interface Beside extends Pick<Thought, 'question' | 'controls'> {
  /** That were read together, of which this one is number `row`. */
  readonly questions: readonly string[];
  readonly row: number;
}

function labelled(reader: RunReader, problem: string, view: string): Beside {
  const all = [...reader.labels()];
  const row = all.findIndex(([id]) => id === problem);
  const label = all[row]?.[1].find(one => one.view === view);
  if (!label) throw new RecodiError('usage', `${reader.folder}: problem ${problem} has no label of ${view}.`);
  const { question, controls } = label;
  return { question, controls, questions: all.map(([, [first]]) => first!.question), row };
}

async function tried(work: Work, typed: string, view: string): Promise<Beside> {
  const asked = await think(work, askedQuestion(work.bench, 'The question', typed));
  const { question, views } = await invert(work, asked);
  const { controls } = views.find(one => one.view === view)!;
  return { question, controls, questions: [question], row: 0 };
}

async function askOracle({ run, bench, send }: Work, paths: RunPaths, request: AskRequest): Promise<void> {
  const { ask } = await run.oracle(bench, paths, () => bench.progress.stage('opening the oracle', 1));
  bench.progress.stage('asking the oracle', 1);
  const { answer, shuffled } = await ask(request, bench.signal);
  send({ event: 'told', answer, shuffled });
}

const describeOf = (view: Bench['views']['views'][number]) =>
  describeView({ ...view, anchor: view.anchor ? anchorName(view.anchor) : null });

function thoughtOf({ causal, text, answer, same, ...view }: InvertedView, question: string, latent: string): Thought {
  return {
    ...view,
    id: `tried:${view.view}`,
    question,
    steps: [...view.steps],
    explanation: text,
    words: [...view.words],
    answer: { latent, explained: answer, same },
    alternatives: [...view.alternatives],
    lens: view.lens.map(tokens => [...tokens]),
    causal: perIntervention((site, kind) => causal[site][kind].map(share => (Number.isFinite(share) ? share : null))),
    probability: null,
    accepted: null,
  };
}

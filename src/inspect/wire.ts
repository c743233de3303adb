/**
 * What the server sends and the page reads: one type per endpoint. The page imports these types and nothing else of the project, so
 * that what it shows is what the files say.
 */
import type { Figure } from '../eval/bootstrap.ts';
import type { Label } from '../labels/schema.ts';
import type { AuditFile } from './auditFile.ts';
import type { EvaluationFile } from './evaluationFile.ts';

export type * from './computeWire.ts';
export type { Figure, Label };

/** Of an answer that is none: what is wrong with which file, and what to do. */
export interface WireError {
  readonly error: { readonly code: string; readonly message: string };
}

export interface Headline {
  /** What was counted, as `result 2`. */
  readonly name: string;
  /** Where in the table it stands, for the tooltip. */
  readonly from: string;
  readonly figure: Figure;
}

/** `training`: a process works on the run now. `unreadable`: not even its config can be read. */
export type RunState = 'training' | 'finished' | 'stopped' | 'unreadable';

export interface RunSummary {
  /** Place in the command line, by which the other endpoints name it. */
  readonly index: number;
  readonly folder: string;
  readonly name: string;
  readonly seed: number | null;
  readonly state: RunState;
  /** Updates of the main phase that are done, and how many the config asks for. */
  readonly updates: { readonly done: number; readonly of: number | null };
  /** Time of all updates together; null where none was measured. */
  readonly seconds: number | null;
  readonly alarms: readonly { readonly name: string; readonly sentence: string }[];
  readonly headline: readonly Headline[];
  readonly confidence: number | null;
  readonly has: Readonly<Record<'metrics' | 'evaluation' | 'labels' | 'samples', boolean>>;
  /** What is missing or broken, each with the command that makes it. */
  readonly complaints: readonly string[];
}

/** GET api/runs */
export interface Runs {
  readonly runs: readonly RunSummary[];
  /** Keys of the configs that are not the same in all runs, name and seed aside; a value per run. */
  readonly differences: readonly { readonly key: string; readonly values: readonly (string | null)[] }[];
}

/** A line of metrics.jsonl. */
export type MetricsLine = Readonly<Record<string, unknown>>;

/** GET api/runs/N/metrics, and what its `live` sends as events. */
export interface Metrics {
  readonly lines: readonly MetricsLine[];
  /** Metric -> how to read it, of the metrics in `lines`. */
  readonly readings: Readonly<Record<string, string>>;
  /** Bytes of the file that were read: where `live` goes on. */
  readonly end: number;
}

/** GET api/runs/N/evaluation */
export interface EvaluationAnswer {
  readonly evaluation: EvaluationFile;
  /** View -> what it reads, in words. */
  readonly described: Readonly<Record<string, string>>;
}

/** GET api/runs/N/audit */
export type AuditAnswer = AuditFile;

/** A line of samples.jsonl: one text of an update, and every number that it got. */
export interface Sample {
  readonly update: number;
  readonly problem: string;
  readonly view: string;
  readonly question: string;
  readonly text: string;
  readonly scores: Readonly<Record<string, number | null>>;
}

/** GET api/runs/N/samples */
export interface Samples {
  readonly samples: readonly Sample[];
}

/**
 * GET api/runs/N/problems: of all labels what is listed, sorted, mapped and compared, as columns, so that ten thousand are read at once.
 * A whole label is asked for with its problem.
 */
export interface Problems {
  readonly views: readonly { readonly id: string; readonly described: string; readonly anchor: string | null }[];
  readonly problems: {
    readonly id: readonly string[];
    readonly question: readonly string[];
    /** First token of the LRM's answer. */
    readonly answer: readonly string[];
    readonly answered: readonly boolean[];
    /** How many each has. */
    readonly readings: readonly number[];
  };
  /** Those of the first problem, of the second, … */
  readonly readings: {
    /** Place among `views`. */
    readonly view: readonly number[];
    readonly explanation: readonly (string | null)[];
    readonly accepted: readonly boolean[];
    readonly readable: readonly boolean[];
    readonly used: readonly boolean[];
    /** The explanation names the result, holds the whole expression, of the gold step that the view speaks of; null where there is none. */
    readonly right: readonly (boolean | null)[];
    readonly exact: readonly (boolean | null)[];
    /** Of that step. */
    readonly result: readonly (string | null)[];
    readonly operation: readonly (string | null)[];
    readonly scores: Readonly<Record<string, readonly (number | null)[]>>;
  };
}

/** Columns of places in the plane. */
export interface Places {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** GET api/runs/N/map/METHOD of all labels, api/runs/N/map/METHOD/VIEW of one view's, in the order of labels.jsonl. */
export interface MapAnswer {
  readonly method: 'pca' | 'umap';
  /** Share of the variance along each axis; null where axes have no such meaning. */
  readonly explained: readonly [number, number] | null;
  readonly problem: readonly string[];
  readonly view: readonly string[];
  readonly targets: Places;
  /** Of the states that the explanations leave; null where the labels have none, or the method cannot place them. */
  readonly texts: Places | null;
}

/** GET api/runs/N/problems/ID */
export interface ProblemAnswer {
  readonly labels: readonly Label[];
  /** View -> what it reads, in words. */
  readonly described: Readonly<Record<string, string>>;
  /** The whole answer that the LRM gives with its latents; null where targets.jsonl does not say. */
  readonly answer: string | null;
  /** The least swap gap of a readable reading; null where the config does not say. */
  readonly gapFloor: number | null;
}

import { MokaError } from "../../../util/errors.js";
import type { NormBlobs } from "../../batch-norm/norm-layers.js";
import type { Scores } from "../../batch-norm/outputs.js";
import type { Cause } from "../cause.js";
import type { Observed, Scored, Variant } from "../lab.js";
import { type Fit, fits, fitting, type Side, type Subject } from "../subject.js";

/**
 * What has been found so far about averages that do not fit. The averages are a fingerprint of the net as it was trained: of the data,
 * and of the layers and weights in front of each BatchNorm. Each explanation looks for one difference with which they fit.
 */
export interface State {
  readonly side: Side;
  /** The net in which they fit better. */
  readonly variant: Variant;
  /** The averages with their right meaning. */
  readonly averages: ReadonlyMap<string, NormBlobs>;
  readonly observed: Observed;
  readonly fits: readonly Fit[];
  /** The divergence up to which averages always fit, in nats. */
  readonly least: number;
  readonly causes: readonly Cause[];
  /** What the net scores on the data given with all that was found. */
  readonly after?: Scored;
  /** Whether the weights' record of the trained net says the same. */
  readonly isRecorded?: boolean;
  /** Whether it has numbers that were free to fit. */
  readonly isFree?: boolean;
}

/** The averages of one set of data as they are, before anything is explained. */
export function startOf(subject: Subject, side: Side, least: number): State {
  const { stored } = subject;
  const all = fits(subject, side.batch, stored, least);
  return { side, variant: {}, averages: stored, observed: side.batch, fits: all, least, causes: [] };
}

/** Whether with what was found all averages fit what reaches their layers, though they may lag a little behind the weights. */
export function isSettled({ fits: all, causes }: State): boolean {
  return causes.length > 0 && all.every(({ isOff, divergence }) => !isOff || divergence <= fitting);
}

/** Right numbers that are read rightly are at most this far from what reaches the layer, in nats. */
export const closely = 0.02;

/** What the net scores with an explanation, beside what it scores as it is; nothing for a net that scores nothing. */
export function scoreLine({ judge, given }: Subject, how: string, scores: Scores): string[] {
  const text = judge.text(scores);
  return text === "" ? [] : [`${how}: ${text}; as it is: ${judge.text(given.averages.scores)}`];
}

/**
 * What an experiment gives; undefined if the net cannot be built or run so, which is told among what was tried.
 *
 * @param what what is tried, to begin a sentence
 */
export async function attempt<T>({ tried }: Subject, what: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    tried.push(`${what}: the net does not run so: ${error.message}`);
    return undefined;
  }
}

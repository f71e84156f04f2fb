import { MokaError } from "../../../util/errors.js";
import type { NormBlobs } from "../../batch-norm/norm-layers.js";
import type { Scores } from "../../batch-norm/outputs.js";
import type { Cause } from "../cause.js";
import type { Observed, Scored, Variant } from "../lab.js";
import type { Fit, Side, Subject } from "../subject.js";

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
  readonly causes: readonly Cause[];
  /** What the net scores on the data given with all that was found. */
  readonly after?: Scored;
  /** Whether the weights' record of the trained net says the same. */
  readonly isRecorded?: boolean;
  /** Whether it has numbers that were free to fit. */
  readonly isFree?: boolean;
}

/** Up to this divergence averages count as explained, in nats. */
export const fitting = 0.1;

/** Whether with what was found all averages fit what reaches their layers, but for what training leaves. */
export function isSettled({ fits, causes }: State): boolean {
  return causes.length > 0 && fits.every(({ isOff, divergence }) => !isOff || divergence <= leftover);
}

/** An average that lags a little behind its weights is this far off, in nats. */
const leftover = 0.1;

/** What the net scores with an explanation, beside what it scores as it is; nothing for a net that scores nothing. */
export function scoreLine({ judge, given }: Subject, how: string, scores: Scores): string[] {
  const text = judge.text(scores);
  return text === "" ? [] : [`${how}: ${text}; as it is: ${judge.text(given.averages.scores)}`];
}

/** What an experiment gives; undefined if the net cannot be built so. */
export async function attempt<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MokaError) return undefined;
    throw error;
  }
}

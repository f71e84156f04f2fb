/** A rank that is late, and why. */
export interface Late {
  readonly rank: number;
  readonly what: string;
}

/** What a rank tells of itself: how many calls it has made, and the oldest that has not ended, −1 if all have. */
export interface Beat {
  readonly begun: number;
  readonly waitsIn: number;
  /** Seconds since that call began. */
  readonly waited: number;
}

/** The last beat of a rank, and when it came, in seconds. */
export interface Heard extends Beat {
  readonly at: number;
}

/**
 * Which rank the others wait for in vain: one that was not heard of for `timeout` seconds, or that has not made a call in which
 * another has waited for so long. Only rank 0 hears of all; the others judge rank 0. Undefined if all is well.
 *
 * @param heard what is known of each rank; undefined for ranks that are not judged; its `begun` is infinite until its first beat
 * @param stopped whether a rank's process is known to be stopped
 */
export function judge(
  heard: readonly (Heard | undefined)[],
  now: number,
  timeout: number,
  names: readonly string[],
  stopped: (rank: number) => boolean,
): Late | undefined {
  const forTime = `for ${timeout} s`;
  for (const [rank, each] of heard.entries()) {
    if (!each || now - each.at <= timeout) continue;
    const why = stopped(rank)
      ? "its process is stopped"
      : "it is stopped or hangs, or its host or the network to it is gone";
    return { rank, what: `has not been heard of ${forTime}: ${why}` };
  }
  // The time since the beat came counts only for calls that the rank still waits in, so it is left out: beats come every second.
  const [longest, waits] = longestWait(heard);
  if (!waits || waits.waited <= timeout) return undefined;
  const missing = heard.findIndex((each) => each && each.begun <= waits.waitsIn);
  const call = `call ${waits.waitsIn + 1}`;
  // A rank that does not hear of all others, or not yet, cannot say that all have made the call.
  if (missing < 0 && !heard.every((each) => each && Number.isFinite(each.begun))) return undefined;
  if (missing < 0) return { rank: longest, what: `has waited ${forTime} in ${call}, which all ranks have made` };
  return { rank: missing, what: `has not made ${call}, in which ${names[longest]} has waited ${forTime}` };
}

function longestWait(heard: readonly (Heard | undefined)[]): readonly [number, Heard | undefined] {
  let longest: readonly [number, Heard | undefined] = [-1, undefined];
  for (const [rank, each] of heard.entries()) {
    if (each && each.waitsIn >= 0 && each.waited > (longest[1]?.waited ?? 0)) longest = [rank, each];
  }
  return longest;
}

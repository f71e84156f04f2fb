import { readFileSync } from "node:fs";
import { hasEnded, isOfThisMachine } from "../process-mark.js";

/** What happened to a rank whose process is gone. */
export const died = "ended without a word: it was killed or crashed";

/** What is known of a rank's process: nothing, if it is of another machine. */
export type ProcessState = "runs" | "stopped" | "ended" | "unknown";

/** What the process of a mark does. One that has ended but that its parent has not yet asked for counts as ended. */
export function processState(mark: string): ProcessState {
  if (!isOfThisMachine(mark)) return "unknown";
  if (hasEnded(mark)) return "ended";
  try {
    // The state follows the name, which is in parentheses and may have some itself.
    const state = /\)\s+(\S)[^)]*$/.exec(readFileSync(`/proc/${mark.split("-").at(-1)}/stat`, "utf8"))?.[1];
    if (state === "Z" || state === "X") return "ended";
    return state === "T" || state === "t" ? "stopped" : "runs";
  } catch {
    return hasEnded(mark) ? "ended" : "runs";
  }
}

/** Kills the process of a mark if it is one of this machine that was stopped: it could never go on with the others. */
export function endIfStopped(mark: string): void {
  if (processState(mark) !== "stopped") return;
  try {
    process.kill(Number(mark.split("-").at(-1)), "SIGKILL");
  } catch {
    // Another rank was faster.
  }
}

import { isSolver } from "../lint/read-solver.js";
import { Source } from "../lint/source.js";
import { formatNet, formatSolver, parseNet, parseSolver } from "../proto/text/index.js";
import { needsNetUpgrade, upgradeNetAsNeeded } from "../proto/upgrade/net.js";
import { needsSolverUpgrade, upgradeSolverAsNeeded } from "../proto/upgrade/solver.js";
import type { Log } from "../util/log.js";
import { accept } from "./read-text.js";

export interface UpgradedText {
  /** The text in the current form; the given one if it has that already. */
  readonly text: string;
  /** Whether it was of an older form. */
  readonly upgraded: boolean;
  /** What had to be left out because the current form cannot say it. */
  readonly left: readonly string[];
}

/**
 * A net or solver of an older form (V0, V1, `input` fields, …) in the current one, as `moka upgrade` writes it. Comments, and fields that
 * Moka does not know, are kept; the layout is that of `formatNet`.
 *
 * @throws MokaError `MOKA_PARSE` if a part of the text could not be read, another code where Caffe's upgrade would stop, as
 *   `MOKA_FIELD` for inputs without shapes
 * @example
 * ```ts
 * const { text } = upgradeText('layers { name: "a" type: RELU bottom: "x" top: "y" }');
 * console.log(text.split("\n")[2].trim()); // type: "ReLU"
 * ```
 */
export function upgradeText(text: string): UpgradedText {
  const left: string[] = [];
  const log: Log = (severity, _, message) => {
    if (severity === "error") left.push(message);
  };
  if (isSolver(new Source(text, undefined))) {
    const solver = accept(parseSolver(text), undefined, log);
    if (!needsSolverUpgrade(solver)) return { text, upgraded: false, left };
    upgradeSolverAsNeeded(solver, "the text", log);
    return { text: formatSolver(solver), upgraded: true, left };
  }
  const net = accept(parseNet(text), undefined, log);
  if (!needsNetUpgrade(net)) return { text, upgraded: false, left };
  upgradeNetAsNeeded(net, "the text", log);
  return { text: formatNet(net), upgraded: true, left };
}

import cliProgress from "cli-progress";
import type { Solver } from "../index.js";
import { escaped } from "../util/escape.js";
import { formatNumber } from "../util/number-format.js";
import { colorsFor } from "./colors.js";
import { print } from "./print.js";

/**
 * Shows the progress of training on a terminal: a bar with iteration, loss and learning rate, and above it one line for
 * each test and snapshot.
 */
export function showProgress(solver: Solver, stream: NodeJS.WriteStream): void {
  const total = solver.param.maxIter;
  const { bold } = colorsFor(stream);
  const bar = new cliProgress.SingleBar({
    stream,
    format: `${escaped(solver.net.name || "net")} {bar} {value}/{total}  loss {loss}  lr {lr}  {eta_formatted} left`,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
    barCompleteChar: "█",
    barIncompleteChar: "░",
  });
  const above = (line: string) => {
    stream.write("\r\x1b[K");
    print(`${line}\n`, stream);
  };
  bar.start(total, solver.iter, { loss: "-", lr: formatNumber(solver.lr) });
  solver.on("iteration", ({ iter, smoothedLoss, lr }) => {
    bar.update(iter + 1, { loss: formatNumber(smoothedLoss), lr: formatNumber(lr) });
    if (iter + 1 === total) bar.stop();
  });
  solver.on("test", ({ iter, net, outputs }) => {
    const values = Object.entries(outputs).map(
      ([name, each]) => `${name} ${Array.from(each, (value) => bold(formatNumber(value))).join(" ")}`,
    );
    above(`iteration ${iter}, test net ${net}: ${values.join(", ")}`);
  });
  solver.on("snapshot", ({ iter, model }) => above(`iteration ${iter}, saved ${model}`));
}
